import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildAttacks } from './attack.ts';
import { testUnlessFlooded as test } from './foreign-loss.ts';
import { STORM, storm } from './open-storm.ts';
import { whyNotLive } from './requirements.ts';
import { Service } from './service.ts';
import type { Sidecar } from './sidecar.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** The metric `memwarden.hook.skipped` of a sidecar, by program. */
async function skippedByProgram({ diagnostics }: Sidecar): Promise<Map<string, number>> {
  const [address = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(diagnostics) ?? [];
  const text = await (await fetch(`${address}/metrics`)).text();
  const samples = text.matchAll(/^memwarden_hook_skipped_total(\{.*\}) (\d+)/gm);
  return new Map(Array.from(samples, ([, labels = '', count]) => [labels, Number(count)]));
}

/** Limit of a test, and so of its waits. */
const LIMIT_MILLIS = 300_000;

suite('a sidecar that pins its programs', { skip: whyNotLive() }, () => {
  test('reports what happened while it was down, of processes that are gone', {
    timeout: LIMIT_MILLIS,
  }, async t => {
    buildAttacks();
    const service = await Service.create(t);
    await (await service.start()).kill();
    const actor = storm(3);
    const next = await service.start();
    const { collected } = service;
    await collected.until(() => collected.opensBy(actor) === 3);

    const [record] = collected.of(actor);
    assert.match(String(record?.attributes['process.executable.path']), /python3/);
    assert.match(String(record?.attributes['memwarden.target.process.executable.path']), /sleep|busybox/);
    assert.match(String(record?.attributes['process.command_line'] ?? ''), /open_storm|^$/);
    assert.match(next.diagnostics, /events happened while no sidecar ran/);
    assert.match(next.diagnostics, /file_open: \w+, taken over/);
    await next.stop();
  });

  test('reports each act of a storm once, though it is killed again and again in its middle', {
    timeout: LIMIT_MILLIS,
  }, async t => {
    const service = await Service.create(t);
    const { collected } = service;
    const acts = 5_000;
    let sidecar = await service.start();
    const attacker = spawn('python3', [STORM, String(acts), '0.002'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const reported = () => collected.opensBy(attacker.pid ?? 0);
    let kills = 0;
    while (attacker.exitCode === null) {
      const before = reported();
      await collected.until(() => reported() > before);
      await sidecar.kill();
      kills += 1;
      sidecar = await service.start();
    }
    await collected.until(() => reported() + collected.lost >= acts);
    await sidecar.stop();

    t.diagnostic(`killed ${kills} times`);
    t.diagnostic(`lost on this machine: ${JSON.stringify(collected.losses)}`);
    assert.ok(kills > 0);
    // on a machine that is busy with other attacks the buffer may be full before the next sidecar reads it
    assert.ok(
      reported() <= acts && reported() + collected.lost >= acts,
      `${reported()} reported, ${collected.lost} lost`,
    );
    if (collected.lost === 0) assert.equal(reported(), acts);
  });

  test('counts each repeat once, though it is killed before it could report them', {
    timeout: LIMIT_MILLIS,
  }, async t => {
    const service = await Service.create(t);
    const { collected } = service;
    const window = { MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '500' };
    let sidecar = await service.start(window);
    const actors = [storm(2_000)];
    await sidecar.kill();
    actors.push(storm(1_000));
    sidecar = await service.start(window);
    actors.push(storm(3_000));
    const [first = 0, second = 0, third = 0] = actors;
    const acts = () => [first, second, third].map(pid => collected.opensBy(pid));
    await collected.until(() => acts().reduce((sum, count) => sum + count, 0) >= 6_000);
    await sidecar.stop();

    assert.deepEqual(acts(), [2_000, 1_000, 3_000]);
  });

  test('reports skipped runs also of programs that it has taken over', {
    timeout: LIMIT_MILLIS,
  }, async t => {
    const service = await Service.create(t);
    const health = { MEMWARDEN_HEALTH_ENABLED: 'true', MEMWARDEN_HEALTH_LISTEN_PORT: '0' };
    const first = await service.start(health);
    const programs = [...(await skippedByProgram(first)).keys()];
    await first.stop();
    const second = await service.start(health);
    const before = second.skippedRuns;
    const reported = await skippedByProgram(second);
    const after = second.skippedRuns;

    assert.match(second.diagnostics, /file_open: \w+, taken over/);
    assert.deepEqual([...reported.keys()].sort(), programs.sort());
    assert.equal(reported.size, second.countedPrograms);
    const total = [...reported.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(before <= total && total <= after, `${total} is not within ${before} and ${after}`);
  });

  test('hands over to one with other settings while acts go on', { timeout: LIMIT_MILLIS }, async t => {
    const service = await Service.create(t);
    const { collected } = service;
    const first = await service.start();
    const attacker = spawn('python3', [STORM, '3000', '0.001'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await collected.until(() => collected.opensBy(attacker.pid ?? 0) > 0);
    await first.stop();
    const second = await service.start({ MEMWARDEN_DETECT_EVENTS: 'default' });
    if (attacker.exitCode === null) await once(attacker, 'exit');
    await collected.until(() => collected.opensBy(attacker.pid ?? 0) >= 3_000);
    await second.stop();

    assert.doesNotMatch(second.diagnostics, /taken over/);
    assert.equal(collected.opensBy(attacker.pid ?? 0), 3_000);
  });

  test('counts as lost what a version with another layout left, which it cannot read', {
    timeout: LIMIT_MILLIS,
  }, async t => {
    const service = await Service.create(t);
    const { collected } = service;
    await (await service.start()).kill();
    storm(40);
    const next = await service.start({ MEMWARDEN_CAPTURE_RING_BUFFER_BYTES: String(1024 * 1024) });
    await collected.until(() => collected.lost > 0);
    const actor = storm(5);
    await collected.until(() => collected.opensBy(actor) === 5);
    await next.stop();

    assert.ok(collected.lost >= 40, `${collected.lost} lost`);
    assert.deepEqual(Object.keys(collected.losses), ['other_version']);
  });

  test('is not ended by detach while it runs, and leaves nothing after it', {
    timeout: LIMIT_MILLIS,
  }, async t => {
    const service = await Service.create(t);
    const sidecar = await service.start();
    const folder = service.namespace.seen(service.pinPath);
    const refused = await service.detach();
    assert.equal(refused.status, 3);
    assert.match(refused.output, /another memwarden is using them/);

    await sidecar.stop();
    assert.ok(existsSync(folder));
    assert.match((await service.detach()).output, /removed \d+ programs/);
    assert.ok(!existsSync(folder));
    assert.match((await service.detach()).output, /nothing is pinned/);
  });

  test('keeps its pinned events for the next start while another process makes a recording', {
    timeout: LIMIT_MILLIS,
  }, async t => {
    const service = await Service.create(t);
    const { collected } = service;
    await (await service.start()).kill();
    const actor = storm(3);
    const file = join(service.directory, 'case.jsonl');
    const [program = '', ...words] = [...service.namespace.prefix, process.execPath, MAIN, 'record', file];
    const recording = spawn(program, words, {
      env: { ...process.env, MEMWARDEN_CAPTURE_PIN_PATH: service.pinPath },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    for await (const text of recording.stderr.setEncoding('utf8')) {
      said += text;
      if (said.includes('memwarden ready')) recording.kill('SIGTERM');
    }
    assert.match(said, /memwarden ready/);
    await (await service.start()).stop();
    await collected.until(() => collected.opensBy(actor) === 3);
  });

  test('refuses to share its pinned programs with a second sidecar', { timeout: LIMIT_MILLIS }, async t => {
    const service = await Service.create(t);
    const sidecar = await service.start();
    await assert.rejects(
      service.start({
        MEMWARDEN_TELEMETRY_SPOOL_DIRECTORY: join(tmpdir(), `memwarden-second-${process.pid}`),
      }),
      /another memwarden is using them/,
    );
    await sidecar.stop();
  });
});
