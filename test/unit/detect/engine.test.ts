import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngine } from '../../../src/detect/engine.ts';
import { PTRACE } from '../../../src/detect/kernel-names/ptrace-request.ts';
import type { EnrichedEvent } from '../../../src/enrich/event.ts';
import { MemwardenError } from '../../../src/errors.ts';
import { BOOT_UNIX_NS, buildActor, buildEnrichedEvent, buildProcess } from '../event-builder.ts';

function namesOf(events: readonly string[] | undefined, event: EnrichedEvent): readonly string[] {
  return createEngine(events === undefined ? {} : { events })
    .detect(event)
    .map(({ definition }) => definition.eventName);
}

const ptraceEvent = (request: number, fields: Partial<EnrichedEvent> = {}): EnrichedEvent =>
  buildEnrichedEvent({
    kind: 'ptrace',
    method: 'ptrace',
    flags: request,
    path: undefined,
    result: 0,
    ...fields,
  });

test('without a selection the default set is reported', () => {
  const { signatures } = createEngine();
  assert.equal(signatures.length, 8);
  assert.ok(signatures.every(({ definition }) => definition.sets.includes('default')));
});

test('events and sets can be mixed, in the order of the catalogue and each once', () => {
  const { signatures } = createEngine({ events: ['mem_prot_alert', 'signatures', 'proc_mem_access'] });
  assert.equal(signatures.length, 10);
  assert.equal(signatures.at(0)?.definition.eventName, 'proc_mem_access');
  assert.equal(signatures.at(-1)?.definition.eventName, 'mem_prot_alert');
});

test('an unknown event name is refused with the list of valid names', () => {
  assert.throws(
    () => createEngine({ events: ['proc_mem_acces'] }),
    (error: unknown) => {
      assert.ok(error instanceof MemwardenError);
      assert.equal(error.code, 'CONFIG_INVALID');
      assert.match(error.message, /proc_mem_acces\b/);
      assert.match(error.hint ?? '', /proc_mem_access.*signatures, default, base/);
      return true;
    },
  );
});

test('an empty selection is refused, since it would watch nothing', () => {
  assert.throws(() => createEngine({ events: [] }), /failed to select events: none is named/);
});

test('the engine lists the kinds of event that its signatures need', () => {
  assert.deepEqual([...createEngine({ events: ['process_vm_read'] }).kinds], ['process_vm']);
  assert.ok(!createEngine().kinds.has('mem_protect'));
  assert.ok(!createEngine().kinds.has('file_open'));
});

test('an event of a kind that is not selected gives no detection', () => {
  assert.deepEqual(namesOf(['process_vm_read'], buildEnrichedEvent()), []);
});

test('selecting a raw event does not change the detections of the signatures', () => {
  const events = [buildEnrichedEvent({ flags: 2 }), buildEnrichedEvent({ kind: 'file_open' })];
  const alone = events.map(event => namesOf(['signatures'], event));
  const withBase = events.map(event => namesOf(['signatures', 'base'], event));
  assert.deepEqual(alone, [['proc_mem_access', 'proc_mem_code_injection'], []]);
  assert.deepEqual(withBase, [['proc_mem_access', 'proc_mem_code_injection'], ['security_file_open']]);
});

test('the memory alert and the signature that is based on it match the same event', () => {
  const event = buildEnrichedEvent({
    kind: 'mem_protect',
    method: 'mprotect',
    protection: 5,
    previousProtection: 3,
  });
  assert.deepEqual(namesOf(['signatures'], event), ['dynamic_code_loading']);
  assert.deepEqual(namesOf(['signatures', 'base'], event), ['dynamic_code_loading', 'mem_prot_alert']);
});

test('an open of memory has its four documented fields', () => {
  const [detection] = createEngine().detect(buildEnrichedEvent({ flags: 0o2000000 }));
  assert.deepEqual(detection?.match.data, {
    pathname: '/proc/4242/mem',
    flags: 'O_RDONLY|O_CLOEXEC',
    pid: 4711,
    target_pid: 4242,
  });
});

test('a read of kernel memory names the kernel, pid 0, as its target', () => {
  const event = buildEnrichedEvent({ kind: 'kcore_open', target: undefined, path: '/proc/kcore' });
  const [detection] = createEngine().detect(event);
  assert.equal(detection?.match.method, 'kcore_open');
  assert.deepEqual(detection?.match.data, {
    pathname: '/proc/kcore',
    flags: 'O_RDONLY',
    pid: 4711,
    target_pid: 0,
  });
});

test('a path that the kernel could not read is built from the target', () => {
  const event = buildEnrichedEvent({ path: undefined, requestedPath: undefined });
  assert.equal(createEngine().detect(event)[0]?.match.data['pathname'], '/proc/4242/mem');
});

test('only a refused open that was recognised by its path text, of an unknown target, has no target_pid', () => {
  const event = buildEnrichedEvent({
    byText: true,
    target: undefined,
    requestedPath: '/proc/7/mem',
    result: -13,
  });
  const [detection] = createEngine().detect(event);
  assert.equal(detection?.definition.eventName, 'proc_mem_access');
  assert.ok(!('target_pid' in detection.match.data));
});

test('bytes that moved through a descriptor are reported as reading or writing', () => {
  const moved = (method: 'fd_read' | 'fd_write') =>
    createEngine()
      .detect(buildEnrichedEvent({ kind: 'mem_io', method, flags: 2, sizeBytes: 4096n }))
      .map(({ definition, match }) => [definition.eventName, match.method, match.mode]);
  assert.deepEqual(moved('fd_read'), [['proc_mem_access', 'proc_mem_read', 'read']]);
  assert.deepEqual(moved('fd_write'), [['proc_mem_code_injection', 'proc_mem_write', 'write']]);
});

test('a descriptor passed to another process is a theft, unless it is of that process’s own memory', () => {
  const event = buildEnrichedEvent({ kind: 'fd_transfer', method: 'pidfd_getfd', flags: 2 });
  const [detection] = createEngine().detect(event);
  assert.equal(detection?.definition.id, 'MEM-1003');
  assert.deepEqual([detection?.match.method, detection?.match.mode], ['pidfd_getfd', 'read_write']);
  assert.deepEqual(namesOf(undefined, { ...event, selfAccess: true }), []);
});

test('use of a descriptor by a process other than its opener is a theft too', () => {
  const event = buildEnrichedEvent({ kind: 'fd_transfer', method: 'fd_read' });
  const [detection] = createEngine().detect(event);
  assert.deepEqual([detection?.definition.id, detection?.match.method], ['MEM-1003', 'proc_mem_read']);
});

test('process_vm calls on a missing process give no detection, refused ones do', () => {
  const call = { kind: 'process_vm', method: 'process_vm_readv', path: undefined } as const;
  assert.deepEqual(namesOf(undefined, buildEnrichedEvent({ ...call, target: undefined, result: -3 })), []);
  assert.deepEqual(namesOf(undefined, buildEnrichedEvent({ ...call, result: -1 })), ['process_vm_read']);
});

test('every ptrace request that changes the target is code injection', () => {
  const { POKETEXT, POKEDATA, POKEUSER, SETREGS, SETREGSET, SETFPREGS, GETREGS, CONT } = PTRACE;
  for (const request of [POKETEXT, POKEDATA, POKEUSER, SETREGS, SETREGSET, SETFPREGS])
    assert.deepEqual(namesOf(['ptrace_code_injection'], ptraceEvent(request)), ['ptrace_code_injection']);
  for (const request of [GETREGS, CONT, 0x4299])
    assert.deepEqual(namesOf(['ptrace_code_injection'], ptraceEvent(request)), []);
});

test('a ptrace detection has the name of the request', () => {
  const [detection] = createEngine().detect(ptraceEvent(PTRACE.SEIZE));
  assert.deepEqual(detection?.match, {
    method: 'ptrace_seize',
    mode: 'attach',
    data: { request: 'PTRACE_SEIZE', pid: 4711, target_pid: 4242 },
  });
});

test('a tracer is reported once per target, not once per word', () => {
  const engine = createEngine();
  const requests = [PTRACE.ATTACH, PTRACE.PEEKDATA, PTRACE.PEEKDATA, PTRACE.GETREGSET];
  assert.equal(requests.flatMap(request => engine.detect(ptraceEvent(request))).length, 1);
  const reused = buildProcess({ startTimeNs: 7_000_000_000n });
  assert.equal(engine.detect(ptraceEvent(PTRACE.PEEKDATA, { target: reused })).length, 1);
  const otherTracer = buildActor({ tgid: 4712 });
  assert.equal(engine.detect(ptraceEvent(PTRACE.PEEKDATA, { actor: otherTracer })).length, 1);
});

test('a refused attach does not suppress the report of one that succeeds', () => {
  const engine = createEngine();
  assert.equal(engine.detect(ptraceEvent(PTRACE.ATTACH, { result: -1 })).length, 1);
  assert.equal(engine.detect(ptraceEvent(PTRACE.ATTACH, { result: -1 })).length, 0);
  assert.equal(engine.detect(ptraceEvent(PTRACE.ATTACH)).length, 1);
});

test('reading a child that asked to be traced is no detection, changing it is', () => {
  const child = { tracemeChild: true, targetIsDescendant: true };
  assert.deepEqual(namesOf(undefined, ptraceEvent(PTRACE.PEEKDATA, child)), []);
  assert.deepEqual(namesOf(undefined, ptraceEvent(PTRACE.POKEDATA, child)), ['ptrace_code_injection']);
});

test('the memory alert has its documented fields, numbers beyond 53 bits as text', () => {
  const event = buildEnrichedEvent({
    kind: 'mem_protect',
    method: 'mprotect',
    target: undefined,
    address: 0x7fff_ffff_f000n,
    sizeBytes: 4096n,
    protection: 5,
    previousProtection: 3,
    path: '/usr/lib/libc.so.6',
    device: 8,
    inode: 2n ** 60n,
  });
  const [detection] = createEngine({ events: ['mem_prot_alert'] }).detect(event);
  assert.deepEqual(detection?.match.data, {
    alert: 'Protection changed from W to E!',
    addr: '0x7ffffffff000',
    len: 4096,
    prot: 'PROT_READ|PROT_EXEC',
    prev_prot: 'PROT_READ|PROT_WRITE',
    pathname: '/usr/lib/libc.so.6',
    dev: 8,
    inode: '1152921504606846976',
    pid: 4711,
  });
});

test('memory without a file has no file fields', () => {
  const event = buildEnrichedEvent({ kind: 'mem_protect', method: 'mmap', protection: 7, path: undefined });
  const [detection] = createEngine({ events: ['mem_prot_alert'] }).detect(event);
  assert.ok(detection !== undefined && !('pathname' in detection.match.data));
});

test('read-only memory that becomes writable and executable is reported as W+E', () => {
  const event = buildEnrichedEvent({
    kind: 'mem_protect',
    method: 'mprotect',
    protection: 7,
    previousProtection: 1,
  });
  const [detection] = createEngine({ events: ['mem_prot_alert'] }).detect(event);
  assert.equal(detection?.match.data['alert'], 'Protection changed to W+E!');
});

test('a raw open has its documented fields', () => {
  const event = buildEnrichedEvent({
    kind: 'file_open',
    target: undefined,
    path: '/etc/shadow',
    requestedPath: '../etc/shadow',
    ctimeNs: 1_767_225_600_123_456_789n,
  });
  const [detection] = createEngine({ events: ['security_file_open'] }).detect(event);
  assert.deepEqual(detection?.match, {
    method: 'file_open',
    mode: 'read',
    data: {
      pathname: '/etc/shadow',
      flags: 'O_RDONLY',
      dev: 23,
      inode: '54321',
      ctime: '1767225600123456789',
      syscall_pathname: '../etc/shadow',
      pid: 4711,
    },
  });
});

test('repeats that the kernel counted become detections of the signature they repeat', () => {
  const event = buildEnrichedEvent({
    kind: 'repeat',
    flags: 2,
    timeNs: 95_000_000_000n,
    repeatCount: 120n,
    repeatFirstNs: 91_000_000_000n,
  });
  const detections = createEngine().detect(event);
  assert.deepEqual(
    detections.map(({ definition, repeat }) => [definition.id, repeat]),
    ['TRC-1023', 'TRC-1024'].map(id => [
      id,
      { count: 120, firstUnixNs: BOOT_UNIX_NS + 91_000_000_000n, lastUnixNs: BOOT_UNIX_NS + 95_000_000_000n },
    ]),
  );
});

test('the signature of a repeat follows from its method and target', () => {
  const repeated = (fields: Partial<EnrichedEvent>) =>
    namesOf(['signatures', 'base'], buildEnrichedEvent({ kind: 'repeat', repeatCount: 1n, ...fields }));
  assert.deepEqual(repeated({ target: undefined, path: '/proc/kcore' }), ['proc_kcore_read']);
  assert.deepEqual(repeated({ target: undefined, path: '/etc/passwd' }), ['security_file_open']);
  assert.deepEqual(repeated({ method: 'process_vm_writev' }), ['process_vm_write_inject']);
  assert.deepEqual(repeated({ method: 'ptrace', flags: PTRACE.POKEDATA }), ['ptrace_code_injection']);
  assert.deepEqual(repeated({ method: 'scm_rights' }), ['proc_mem_fd_theft']);
  assert.deepEqual(repeated({ method: 'fd_read' }), ['proc_mem_access']);
  assert.deepEqual(repeated({ method: 'mprotect', protection: 5, previousProtection: 3 }), [
    'dynamic_code_loading',
    'mem_prot_alert',
  ]);
});
