import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createEnricher } from '../../../src/enrich/enricher.ts';
import { temporaryDirectory } from '../../temporary-directory.ts';
import { BOOT_UNIX_NS, buildActor, buildCapturedEvent, buildProcess } from '../event-builder.ts';
import { actorOf, startProcess } from './real-process.ts';

const CONTAINER = 'ab12'.repeat(16);
const OTHER_CONTAINER = 'cd34'.repeat(16);

const bootToWallOffsetNs = () => BOOT_UNIX_NS;
const WAIT = 'echo ready; read line';

/** A directory in place of procfs, with one process in it. */
function procfsWith(
  t: TestContext,
  pid: number,
  startTicks: number,
  files: Readonly<Record<string, string>>,
) {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, String(pid)));
  const fields = Array.from({ length: 17 }, () => '0').join(' ');
  const all = { cmdline: 'app\0', stat: `${pid} (a) b) S 1 ${fields} ${startTicks} 0`, ...files };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(root, String(pid), name), text);
  return root;
}

test('times on the boot clock are converted to the wall clock', () => {
  const enricher = createEnricher({ bootToWallOffsetNs });
  const event = enricher.enrich(buildCapturedEvent({ timeNs: 90_000_000_123n }));
  assert.equal(event?.timeUnixNs, BOOT_UNIX_NS + 90_000_000_123n);
});

test('nothing is observed before it happens', () => {
  const enricher = createEnricher({ bootToWallOffsetNs: () => 2n ** 62n });
  const event = enricher.enrich(buildCapturedEvent());
  assert.equal(event?.observedTimeUnixNs, event?.timeUnixNs);
});

test('command line, directory and user of a running process are added', async t => {
  const { pid } = await startProcess(t, 'sh', ['-c', WAIT, '--password=x'], '/usr');
  const event = createEnricher({ bootToWallOffsetNs }).enrich(buildCapturedEvent({ actor: actorOf(pid) }));
  assert.deepEqual(event?.actorDetails, {
    commandLine: `sh -c ${WAIT} --password=[redacted]`,
    workingDirectory: '/usr',
    userName: 'root',
  });
});

test('redaction can be switched off', async t => {
  const { pid } = await startProcess(t, 'sh', ['-c', WAIT, '--password=x']);
  const enricher = createEnricher({ bootToWallOffsetNs, redact: false });
  const event = enricher.enrich(buildCapturedEvent({ actor: actorOf(pid) }));
  assert.equal(event?.actorDetails.commandLine, `sh -c ${WAIT} --password=x`);
});

test('the target gets the same details, and in a self access those of the actor', async t => {
  const { pid } = await startProcess(t, 'sh', ['-c', WAIT]);
  const process = actorOf(pid);
  const enricher = createEnricher({ bootToWallOffsetNs });
  const other = enricher.enrich(buildCapturedEvent({ target: process }));
  assert.equal(other?.targetDetails.commandLine, `sh -c ${WAIT}`);
  const self = enricher.enrich(buildCapturedEvent({ actor: process, target: process, selfAccess: true }));
  assert.equal(self?.targetDetails, self?.actorDetails);
});

test('a process that is gone gets the arguments that the kernel recorded', () => {
  const actor = buildActor({ tgid: 2 ** 22 + 1, arguments: ['mysql', '-psecret'] });
  const event = createEnricher({ bootToWallOffsetNs }).enrich(buildCapturedEvent({ actor }));
  assert.equal(event?.actorDetails.commandLine, 'mysql -p[redacted]');
  assert.equal(event?.actorDetails.workingDirectory, undefined);
});

test('a process that is gone and has no recorded arguments gets no details', () => {
  const actor = buildActor({ tgid: 2 ** 22 + 1, arguments: [], euid: 4_000_000_000 });
  const event = createEnricher({ bootToWallOffsetNs }).enrich(buildCapturedEvent({ actor }));
  assert.deepEqual(event?.actorDetails, {});
});

test('a process that reused the pid is not mistaken for the one of the event', async t => {
  const { pid } = await startProcess(t, 'sh', ['-c', WAIT]);
  const { startTimeNs } = actorOf(pid);
  const earlier = actorOf(pid, { startTimeNs: startTimeNs - 10_000_000n, euid: 4_000_000_000 });
  const event = createEnricher({ bootToWallOffsetNs }).enrich(buildCapturedEvent({ actor: earlier }));
  assert.deepEqual(event?.actorDetails, {});
});

test('arguments that the kernel cut short are completed from procfs', async t => {
  const { pid } = await startProcess(t, 'sh', ['-c', WAIT, 'Grüße', 'rest']);
  const bytes = Buffer.from(`sh\0-c\0${WAIT}\0Grüße`);
  const recorded = bytes.toString('utf8', 0, bytes.length - 2).split('\0'); // through the middle of the ß
  const event = createEnricher({ bootToWallOffsetNs }).enrich(
    buildCapturedEvent({ actor: actorOf(pid, { arguments: recorded }) }),
  );
  assert.equal(event?.actorDetails.commandLine, `sh -c ${WAIT} Grüße rest`);
});

test('a program executed since the event is not mistaken for the one that acted', async t => {
  const { pid } = await startProcess(t, 'sh', ['-c', WAIT], '/usr');
  const actor = actorOf(pid, { arguments: ['attack', '--fast'] });
  const event = createEnricher({ bootToWallOffsetNs }).enrich(buildCapturedEvent({ actor }));
  assert.equal(event?.actorDetails.commandLine, 'attack --fast');
  assert.equal(event?.actorDetails.workingDirectory, '/usr');
});

test('a cached process that executes another program is read again', async t => {
  const child = await startProcess(t, 'sh', [
    '-c',
    'echo ready; read line; exec sh -c "echo again; read line"',
  ]);
  const enricher = createEnricher({ bootToWallOffsetNs });
  const before = enricher.enrich(buildCapturedEvent({ actor: actorOf(child.pid) }));
  const again = new Promise(resolve => child.stdout?.once('data', resolve));
  child.stdin?.write('go\n');
  await again;
  const actor = actorOf(child.pid, { arguments: ['sh', '-c', 'echo again'] });
  const after = enricher.enrich(buildCapturedEvent({ actor }));
  assert.match(before?.actorDetails.commandLine ?? '', /exec sh/);
  assert.equal(after?.actorDetails.commandLine, 'sh -c echo again; read line');
});

test('the details of a process are kept after its end', async t => {
  const child = await startProcess(t, 'sh', ['-c', WAIT]);
  const actor = actorOf(child.pid);
  const enricher = createEnricher({ bootToWallOffsetNs });
  const before = enricher.enrich(buildCapturedEvent({ actor }));
  const exited = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
  const now = performance.now();
  t.mock.method(performance, 'now', () => now + 5000);
  assert.deepEqual(enricher.enrich(buildCapturedEvent({ actor }))?.actorDetails, before?.actorDetails);
});

test('a huge command line is cut', t => {
  const procRoot = procfsWith(t, 7, 500, { cmdline: `java\0-cp\0${'x'.repeat(60_000)}\0` });
  const actor = buildActor({ tgid: 7, startTimeNs: 5_000_000_000n, arguments: [] });
  const event = createEnricher({ bootToWallOffsetNs, procRoot }).enrich(buildCapturedEvent({ actor }));
  assert.equal(event?.actorDetails.commandLine?.length, 4097);
  assert.match(event?.actorDetails.commandLine ?? '', /^java -cp x+…$/);
});

test('where the cgroup path of the kernel names no container, that of procfs is used', t => {
  const procRoot = procfsWith(t, 7, 500, { cgroup: `1:name=systemd:/docker/${CONTAINER}\n0::/\n` });
  const actor = buildActor({ tgid: 7, startTimeNs: 5_000_000_000n, cgroupPath: '/', arguments: [] });
  const event = createEnricher({ bootToWallOffsetNs, procRoot }).enrich(buildCapturedEvent({ actor }));
  assert.equal(event?.actorDetails.containerId, CONTAINER);
});

test('a container has its own user names, but uid 0 is root', t => {
  const passwd = join(temporaryDirectory(t), 'passwd');
  writeFileSync(
    passwd,
    'root:x:0:0::/:/bin/sh\nalice:x:1000:1000::/:/bin/sh\nbob:x:1000:1000::/:/bin/sh\nbad\n',
  );
  const enricher = createEnricher({ bootToWallOffsetNs, passwdPaths: ['/nowhere', passwd] });
  const nameOf = (euid: number, cgroupPath: string) =>
    enricher.enrich(buildCapturedEvent({ actor: buildActor({ euid, cgroupPath }) }))?.actorDetails.userName;
  assert.equal(nameOf(1000, '/user.slice'), 'alice');
  assert.equal(nameOf(1001, '/user.slice'), undefined);
  assert.equal(nameOf(1000, `/docker/${CONTAINER}`), undefined);
  assert.equal(nameOf(0, `/docker/${CONTAINER}`), 'root');
});

test('a user added to the file is found after the recheck interval', t => {
  const passwd = join(temporaryDirectory(t), 'passwd');
  writeFileSync(passwd, 'root:x:0:0::/:/bin/sh\n');
  const enricher = createEnricher({ bootToWallOffsetNs, passwdPaths: [passwd] });
  const nameOf = (tgid: number) =>
    enricher.enrich(buildCapturedEvent({ actor: buildActor({ tgid }) }))?.actorDetails.userName;
  assert.equal(nameOf(2 ** 22 + 1), undefined);
  writeFileSync(passwd, 'root:x:0:0::/:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n');
  const now = performance.now();
  t.mock.method(performance, 'now', () => now + 1001);
  assert.equal(nameOf(2 ** 22 + 2), 'alice');
});

test('an access between containers, or into or out of one, is marked', () => {
  const enricher = createEnricher({ bootToWallOffsetNs });
  const crossing = (from: string, to: string) =>
    enricher.enrich(
      buildCapturedEvent({
        actor: buildActor({ cgroupPath: from }),
        target: buildProcess({ cgroupPath: to }),
      }),
    )?.crossContainer;
  const one = `/docker/${CONTAINER}`;
  assert.equal(crossing(one, `/docker/${OTHER_CONTAINER}`), true);
  assert.equal(crossing(one, '/system.slice'), true);
  assert.equal(crossing('/system.slice', one), true);
  assert.equal(crossing(one, `/docker/${CONTAINER}/init.scope`), false);
  assert.equal(crossing('/user.slice', '/system.slice'), false);
  assert.equal(enricher.enrich(buildCapturedEvent({ target: undefined }))?.crossContainer, undefined);
});

test('a missing procfs is not an error', () => {
  const enricher = createEnricher({ bootToWallOffsetNs, procRoot: '/nowhere', passwdPaths: [] });
  const byText = { byText: true, target: undefined, path: '/proc/1/mem', result: -13 } as const;
  assert.deepEqual(enricher.enrich(buildCapturedEvent())?.targetDetails, {});
  assert.equal(enricher.enrich(buildCapturedEvent(byText))?.target, undefined);
});

test('an event of a recording is not enriched from this machine', async t => {
  const { pid } = await startProcess(t, 'sh', ['-c', WAIT]);
  const enricher = createEnricher({ bootToWallOffsetNs });
  const recorded = enricher.enrich(buildCapturedEvent({ actor: buildActor({ tgid: pid }) }));
  assert.ok(recorded !== undefined);
  assert.equal(enricher.enrich(recorded), recorded);
});
