import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CapturedEvent } from '../../../src/capture/event.ts';
import { createProcfs } from '../../../src/enrich/procfs.ts';
import { createTextResolver } from '../../../src/enrich/text-resolver.ts';
import { temporaryDirectory } from '../../temporary-directory.ts';
import { buildActor, buildCapturedEvent } from '../event-builder.ts';
import { actorOf, startProcess } from './real-process.ts';

const WAIT = 'echo ready; read line';
const EACCES = -13;
const notRoot = process.getuid?.() === 0 ? false : 'needs root to enter namespaces';

/** An open of `text` that was refused before the kernel had a file. */
function refused(text: string, fields: Partial<CapturedEvent> = {}): CapturedEvent {
  return buildCapturedEvent({
    timeNs: 2n ** 62n,
    actor: actorOf(process.pid),
    byText: true,
    target: undefined,
    path: text,
    requestedPath: text,
    result: EACCES,
    ...fields,
  });
}

const resolve = (text: string, fields: Partial<CapturedEvent> = {}) =>
  createTextResolver(createProcfs('/proc')).resolve(refused(text, fields));

test('a pid in the path identifies the target', async t => {
  const { pid } = await startProcess(t, 'sh', ['-c', WAIT]);
  for (const text of [`/proc/${pid}/mem`, `//proc/./${pid}/../${pid}//mem`, `/proc/${pid}/task/${pid}/mem`]) {
    const event = resolve(text);
    assert.equal(event?.kind, 'proc_mem_open', text);
    assert.equal(event.target?.tgid, pid);
    assert.equal(event.target.comm, 'sh');
    assert.equal(event.target.ppid, process.pid);
    assert.equal(
      event.target.pidNamespace,
      Number(/\d+/.exec(createProcfs('/proc').link('self/ns/pid') ?? '')?.[0]),
    );
    assert.deepEqual([event.selfAccess, event.targetIsDescendant], [false, true]);
  }
});

test('the reported path is absolute, and the text of the caller is kept', async t => {
  const { pid } = await startProcess(t, 'sh', ['-c', WAIT]);
  const event = resolve(`/tmp/../proc/${pid}/mem`);
  assert.equal(event?.path, `/proc/${pid}/mem`);
  assert.equal(event.requestedPath, `/tmp/../proc/${pid}/mem`);
});

test('self is the actor, whatever its pid in procfs', () => {
  for (const text of ['/proc/self/mem', '/proc/thread-self/mem', '/proc/self/root/proc/self/mem']) {
    const event = resolve(text);
    assert.equal(event?.target?.tgid, process.pid, text);
    assert.equal(event.selfAccess, true);
  }
});

test('a relative text starts in the directory of the actor', async t => {
  const { pid: target } = await startProcess(t, 'sh', ['-c', WAIT]);
  const inTarget = await startProcess(t, 'sh', ['-c', WAIT], `/proc/${target}`);
  assert.equal(resolve('mem', { actor: actorOf(inTarget.pid) })?.target?.tgid, target);
  assert.equal(resolve('../1/mem', { actor: actorOf(inTarget.pid) })?.target?.tgid, 1);
  const elsewhere = await startProcess(t, 'sh', ['-c', WAIT], '/usr');
  assert.equal(resolve('mem', { actor: actorOf(elsewhere.pid) }), undefined);
});

test('a relative text starts in the directory of a descriptor', async t => {
  const { pid } = await startProcess(t, 'sh', ['-c', `exec 7</proc/1; ${WAIT}`]);
  assert.equal(resolve('mem', { actor: actorOf(pid), descriptor: 7 })?.target?.tgid, 1);
});

test('symbolic links are followed, also relative ones and several in a row', t => {
  const directory = temporaryDirectory(t);
  symlinkSync('/proc/1', join(directory, 'absolute'));
  symlinkSync('absolute', join(directory, 'relative'));
  symlinkSync('loop', join(directory, 'loop'));
  assert.equal(resolve(`${directory}/absolute/mem`)?.target?.tgid, 1);
  assert.equal(resolve(`${directory}/relative/mem`)?.target?.tgid, 1);
  assert.equal(resolve(`${directory}/loop/mem`), undefined);
});

test('a file that only looks like a memory file is dropped', t => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'proc', '12'), { recursive: true });
  writeFileSync(join(directory, 'proc', '12', 'mem'), '');
  assert.equal(resolve(`${directory}/proc/12/mem`), undefined);
  for (const text of [
    '/proc/meminfo',
    '/proc/1/maps',
    '/proc/1/mem/x',
    '/proc/mem',
    '/dev/mem',
    '/proc/x/mem',
  ])
    assert.equal(resolve(text), undefined, text);
});

test('an open of kernel memory becomes a kcore_open', () => {
  const event = resolve('/proc/kcore');
  assert.deepEqual([event?.kind, event?.target, event?.selfAccess], ['kcore_open', undefined, false]);
});

test('a path that does not exist is dropped', () => {
  for (const result of [-2, -20, -40, -36, -14]) assert.equal(resolve('/proc/1/mem', { result }), undefined);
});

test('a process that is gone is reported without a target', () => {
  const event = resolve('/proc/4194304/mem');
  assert.equal(event?.kind, 'proc_mem_open');
  assert.deepEqual([event.target, event.selfAccess], [undefined, false]);
});

test('a process that started after the open is not its target', async t => {
  const { pid } = await startProcess(t, 'sh', ['-c', WAIT]);
  const { startTimeNs } = actorOf(pid);
  assert.equal(resolve(`/proc/${pid}/mem`, { timeNs: startTimeNs - 20_000_000n })?.target, undefined);
});

test('for an actor that is gone, only a text that names procfs is resolved', () => {
  const actor = buildActor({ tgid: 2 ** 22 + 1, vtgid: 2 ** 22 + 1 });
  assert.equal(resolve('/proc/1/mem', { actor })?.target?.tgid, 1);
  assert.equal(resolve('/proc/self/mem', { actor })?.selfAccess, true);
  for (const text of ['mem', '1/mem', '/tmp/proc/12/mem']) assert.equal(resolve(text, { actor }), undefined);
});

test('the target of an actor that is gone from another pid namespace is unknown', () => {
  const actor = buildActor({ tgid: 2 ** 22 + 1, vtgid: 5 });
  const event = resolve('/proc/1/mem', { actor });
  assert.equal(event?.kind, 'proc_mem_open');
  assert.equal(event.target, undefined);
});

test('pids are those of the pid namespace of the actor', { skip: notRoot }, async t => {
  // the second process prints that it is ready, and stays a shell
  const script = `sh -c 'echo ready; sleep 600; :' & wait`;
  const unshare = await startProcess(t, 'unshare', [
    '-pf',
    '--kill-child',
    '--mount-proc',
    'sh',
    '-c',
    script,
  ]);
  const procfs = createProcfs('/proc');
  const child = (pid: number) => Number(procfs.read(`${pid}/task/${pid}/children`)?.trim().split(' ')[0]);
  const init = child(unshare.pid);
  const second = child(init);
  const actor = actorOf(init);
  assert.equal(actor.vtgid, 1);
  assert.equal(resolve('/proc/1/mem', { actor })?.target?.tgid, init);
  assert.equal(resolve('/proc/self/mem', { actor })?.target?.tgid, init);
  const event = resolve('/proc/2/mem', { actor });
  assert.equal(event?.target?.tgid, second);
  assert.equal(event.target.vtgid, 2);
  assert.equal(event.targetIsDescendant, true);
  assert.equal(resolve(`/proc/${process.pid}/mem`, { actor })?.target, undefined);
});

test('paths are resolved in the root and the mounts of the actor', { skip: notRoot }, async t => {
  const directory = temporaryDirectory(t);
  const script = `mkdir -p ${directory}/p ${directory}/f; mount -t proc proc ${directory}/p; touch ${directory}/f/mem
    mount --bind /proc/1/mem ${directory}/f/mem; ${WAIT}`;
  const { pid } = await startProcess(t, 'unshare', ['-m', 'sh', '-c', script]);
  const actor = actorOf(pid);
  assert.equal(resolve(`${directory}/p/1/mem`, { actor })?.target?.tgid, 1);
  assert.equal(resolve(`${directory}/f/mem`, { actor })?.target?.tgid, 1);
  assert.equal(resolve(`${directory}/p/1/mem`), undefined, 'the mount is not ours');
});

test('a relative text is followed below the root of a chrooted actor', { skip: notRoot }, async t => {
  const directory = temporaryDirectory(t);
  const script = `mkdir ${directory}/r; mount --rbind / ${directory}/r
    exec chroot ${directory}/r sh -c 'cd /proc/1; ${WAIT}'`;
  const { pid } = await startProcess(t, 'unshare', ['-m', 'sh', '-c', script]);
  const event = resolve('mem', { actor: actorOf(pid) });
  assert.equal(event?.path, '/proc/1/mem');
  assert.equal(event.target?.tgid, 1);
});
