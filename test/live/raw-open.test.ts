import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite } from 'node:test';
import { buildAttacks } from './attack.ts';
import type { ConsoleRecord } from './console-record.ts';
import { testUnlessFlooded as test, watchLosses } from './foreign-loss.ts';
import { whyNotLive } from './requirements.ts';
import { Sidecar } from './sidecar.ts';

suite('security_file_open as a raw event', { skip: whyNotLive() }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'memwarden-raw-'));
  const below = join(directory, 'watched', 'deep', 'file');
  const named = join(directory, 'shadow');
  const ending = join(directory, 'server.pem');
  const other = join(directory, 'other');
  let sidecar: Sidecar;

  before(async () => {
    buildAttacks();
    mkdirSync(join(directory, 'watched', 'deep'), { recursive: true });
    for (const path of [below, named, ending, other]) writeFileSync(path, '');
    sidecar = await Sidecar.start({
      MEMWARDEN_DETECT_EVENTS: 'default,security_file_open',
      MEMWARDEN_DETECT_FILE_OPEN_PREFIXES: join(directory, 'watched'),
      MEMWARDEN_DETECT_FILE_OPEN_NAMES: 'shadow',
      MEMWARDEN_DETECT_FILE_OPEN_SUFFIXES: '.pem',
    });
  });

  after(async () => {
    await sidecar?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function opened(path: string): Promise<readonly ConsoleRecord[]> {
    readFileSync(path);
    await sidecar.fence();
    return sidecar.records.filter(
      record => record.eventName === 'security_file_open' && record.attributes['pathname'] === path,
    );
  }

  for (const [what, path] of [
    ['below a directory', below],
    ['of a name', named],
    ['with an ending', ending],
  ] as const) {
    test(`reports an open of a file ${what} that was selected`, async t => {
      watchLosses(t, sidecar);
      const [record] = await opened(path);
      assert.ok(record);
      assert.equal(record.attributes['pid'], process.pid);
      assert.match(String(record.attributes['flags']), /^O_RDONLY\|/);
      assert.equal(record.attributes['event.outcome'], 'success');
    });
  }

  test('reports no other file, and the signatures still work', async t => {
    watchLosses(t, sidecar);
    assert.deepEqual(await opened(other), []);
    // the fence is a process that opens its own memory
    assert.ok(sidecar.records.some(record => record.eventName === 'proc_mem_access'));
  });
});
