import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { dashboardPicture } from '../../../scripts/pictures/dashboard.ts';
import { type Entry, evaluate, select } from '../../../scripts/pictures/logql.ts';

function entry(labels: Record<string, string>): Entry {
  return { labels: { service_name: 'memwarden', ...labels }, timeMillis: 0, line: '' };
}

const HIGH = entry({ rule: 'a', severity: '3', outcome: 'failure' });
const LOW = entry({ rule: 'b', severity: '1', outcome: 'failure' });
const LOSS = entry({ lost: '40' });
const OTHER = entry({ service_name: 'another', rule: 'a' });
const ENTRIES = [HIGH, LOW, LOSS, OTHER, HIGH];

describe('the queries of the dashboard', () => {
  test('select by labels, of which one that a record does not have is empty', () => {
    assert.deepEqual(select('{service_name="memwarden"}', ENTRIES), [HIGH, LOW, LOSS, HIGH]);
    assert.deepEqual(select('{service_name="memwarden"} | rule != ""', ENTRIES), [HIGH, LOW, HIGH]);
    assert.deepEqual(select('{service_name="memwarden"} | rule != "" | severity = "3"', ENTRIES), [
      HIGH,
      HIGH,
    ]);
  });

  test('count records, and have no sample where there is none', () => {
    const query = (rule: string) =>
      `sum(count_over_time({service_name="memwarden"} | rule = "${rule}" [$__range]))`;
    assert.deepEqual(evaluate(query('a'), ENTRIES), [{ labels: {}, value: 2 }]);
    assert.deepEqual(evaluate(query('z'), ENTRIES), []);
  });

  test('add up a label', () => {
    const query = 'sum(sum_over_time({service_name="memwarden"} | lost != "" | unwrap lost [$__range]))';
    assert.deepEqual(evaluate(query, [...ENTRIES, LOSS]), [{ labels: {}, value: 80 }]);
  });

  test('group by labels, largest first, without those that a record does not have', () => {
    const query = 'sum by (rule, outcome) (count_over_time({service_name="memwarden"} [$__auto]))';
    assert.deepEqual(evaluate(query, ENTRIES), [
      { labels: { rule: 'a', outcome: 'failure' }, value: 2 },
      { labels: { rule: 'b', outcome: 'failure' }, value: 1 },
      { labels: {}, value: 1 },
    ]);
    assert.equal(evaluate(`topk(1, ${query})`, ENTRIES).length, 1);
  });

  test('are refused in a form that is not evaluated', () => {
    for (const query of [
      'rate({service_name="memwarden"}[5m])',
      'sum(rate({service_name="memwarden"} [$__range]))',
      'sum(count_over_time({service_name=~"mem.*"} [$__range]))',
      'sum(sum_over_time({service_name="memwarden"} [$__range]))',
    ])
      assert.throws(() => evaluate(query, ENTRIES), /failed to evaluate a query/, query);
  });
});

test('docs/pictures/dashboard.svg is what the dashboard and the examples give', () => {
  const picture = readFileSync(new URL('../../../docs/pictures/dashboard.svg', import.meta.url), 'utf8');
  assert.equal(dashboardPicture(), picture, 'npm run docs:pictures');
});
