import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytes, duration, endpoint, flag, integer, keyValues, list } from '../../../src/config/format.ts';

describe('formats', () => {
  it('read bytes with binary units', () => {
    assert.equal(bytes(0).parse('64KiB'), 65_536);
    assert.equal(bytes(0).parse('2 GiB'), 2_147_483_648);
    assert.equal(bytes(0).parse(7), 7);
    assert.equal(bytes(0).parse('7kb'), undefined);
    assert.equal(bytes(0).parse(-1), undefined);
  });

  it('read durations as milliseconds', () => {
    assert.equal(duration.parse('250'), 250);
    assert.equal(duration.parse('10s'), 10_000);
    assert.equal(duration.parse('7d'), 604_800_000);
    assert.equal(duration.parse('1.5s'), undefined);
  });

  it('read whole numbers and nothing that merely starts like one', () => {
    assert.equal(integer(0, 9).parse('9'), 9);
    assert.equal(integer(0, 9).parse('9 lives'), undefined);
    assert.equal(integer(0, 9).parse(0.5), undefined);
    assert.equal(integer(0, 9).parse(true), undefined);
  });

  it('read a boolean in any letter case and no other word', () => {
    assert.equal(flag.parse('TRUE'), true);
    assert.equal(flag.parse('0'), undefined);
  });

  it('read a list from a sequence or from text', () => {
    assert.deepEqual(list.parse(' a, b ,'), ['a', 'b']);
    assert.deepEqual(list.parse(['a,b']), ['a,b']);
    assert.equal(list.parse([1]), undefined);
  });

  it('read key-value text with percent-encoding', () => {
    assert.deepEqual(keyValues.parse('a=b%2Cc, d==e'), { a: 'b,c', d: '=e' });
    assert.deepEqual(keyValues.parse({ port: '0x5' }), { port: '0x5' });
    assert.equal(keyValues.parse({ port: 5 }), undefined);
    assert.equal(keyValues.parse('a'), undefined);
  });

  it('show an endpoint without its password', () => {
    assert.equal(endpoint.show?.('https://user:pass@host:4317'), 'https://[secret]@host:4317');
    // which @ ends a password that nobody encoded cannot be known
    assert.equal(endpoint.show?.('https://user:pa/ss@host:4317/a'), 'https://[secret]@host:4317/a');
    assert.equal(endpoint.parse('https://user:pa/ss@host:4317/a'), undefined);
    assert.equal(endpoint.show?.('https://host:4317/a'), 'https://host:4317/a');
  });

  it('read the endpoints that OTLP knows', () => {
    for (const text of [
      'http://c:4317',
      'https://c',
      'c:4317',
      '[::1]:4317',
      'unix:/run/otel.sock',
      'http://c/v1/logs',
    ]) {
      assert.equal(endpoint.parse(text), text);
    }
    for (const text of ['', 'a b', 'grpc://c', 'http://', ':4317'])
      assert.equal(endpoint.parse(text), undefined);
  });
});
