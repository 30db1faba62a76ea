import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BpfObject } from '../../../../src/capture/hooks/bpf-object.ts';
import { Programs } from '../../../../src/capture/hooks/programs.ts';
import { Control } from '../../../../src/capture/maps/control.ts';
import type { CaptureOptions } from '../../../../src/capture/options.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';
import { FakeLibbpf } from '../fake-libbpf.ts';
import { fakePins } from '../fake-pins.ts';

const { EINVAL, EPERM } = constants.errno;
const WINDOW_MILLIS = 10_000;
const OWN_TGID = 4711;

/** A machine on which sidecars are started one after the other. */
class Machine {
  readonly kernel = new FakeLibbpf();
  readonly pinPath: string;
  readonly #objectPath: string;

  constructor(t: TestContext) {
    const directory = temporaryDirectory(t);
    this.pinPath = join(directory, 'pins');
    this.#objectPath = join(directory, 'x.o');
    mkdirSync(this.pinPath);
    writeFileSync(this.#objectPath, 'object');
  }

  get pins(): string[] {
    return readdirSync(this.pinPath)
      .map(name => name.replaceAll(/[0-9a-f]{16}/g, '#'))
      .sort();
  }

  get running(): string[] {
    return this.kernel.running.map(({ program, generation }) => `${program} ${generation}`);
  }

  /** A start up to `attach`; the running programs record the canaries of this process. */
  start(change: Partial<CaptureOptions> = {}, pinning = true) {
    const { kernel } = this;
    const options: CaptureOptions = {
      objectPath: this.#objectPath,
      btfPath: '/sys/kernel/btf/vmlinux',
      ringBufferBytes: 4_096,
      kinds: new Set(['proc_mem_open', 'ptrace']),
      hook: 'auto',
      hooks: {},
      repeatWindowMillis: WINDOW_MILLIS,
      ...change,
    };
    const pins = pinning ? fakePins(this.pinPath, kernel) : undefined;
    const object = new BpfObject(kernel, {
      path: options.objectPath,
      btfPath: undefined,
      ringBytes: options.ringBufferBytes,
      pins,
    });
    const control = new Control(kernel, object.mapFd('control'));
    control.change({ ownTgid: 0, proving: 0 });
    const ownEvents = () => {
      const events = kernel.proofs();
      if (events.length > 0) control.change({ ownTgid: OWN_TGID });
      return events;
    };
    const programs = new Programs({ libbpf: kernel, object, control, pins, options, ownEvents });
    const hooks = () => programs.reports.map(({ capability, hook }) => `${capability}=${hook}`);
    return { programs, control, object, hooks };
  }
}

const BEST = ['file_open=lsm', 'ptrace=fentry'];

test('without pins the programs are active from the commit to the stop', t => {
  const machine = new Machine(t);
  const { programs, control, hooks } = machine.start({}, false);
  programs.attach();
  assert.deepEqual(hooks(), BEST);
  programs.commit();
  assert.equal(control.state.active, 1);
  assert.equal(control.state.proving, 0);
  assert.equal(control.state.windowNs, 10_000_000_000n);
  assert.equal(programs.pinned, false);
  assert.ok(machine.running.includes('lsm_file_open 1'));
  assert.ok(programs.descriptors.some(({ program }) => program === 'lsm_file_open'));
  programs.stop();
  assert.deepEqual(machine.running, []);
  assert.deepEqual(programs.descriptors, []);
  assert.deepEqual(machine.pins, []);
});

test('no programs are loaded for kinds of events that are not wanted', t => {
  const machine = new Machine(t);
  const { programs, hooks } = machine.start({ kinds: new Set(['ptrace']) }, false);
  programs.attach();
  assert.deepEqual(hooks(), ['ptrace=fentry']);
  programs.commit();
  assert.ok(!machine.running.some(name => name.startsWith('lsm_')));
});

test('the start fails without a hook for opens, and not without one for another capability', t => {
  const machine = new Machine(t);
  for (const name of ['lsm_file_open', 'fentry_file_open', 'kprobe_file_open', 'tracepoint_sys_exit'])
    machine.kernel.refusals.set(name, { step: 'attach', errno: EPERM });
  const refused = machine.start();
  refused.programs.attach();
  assert.throws(() => refused.programs.commit(), {
    code: 'CAPTURE_UNAVAILABLE',
    message: /failed to watch file_open.*\n.*lsm_file_open: refused: attach: EPERM/,
  });
  refused.programs.stop();
  assert.deepEqual([machine.running, machine.pins], [[], []]);

  machine.kernel.refusals.clear();
  for (const name of ['fexit_ptrace', 'kretprobe_ptrace', 'tracepoint_access_exit'])
    machine.kernel.refusals.set(name, { step: 'attach', errno: EPERM });
  const started = machine.start({}, false);
  started.programs.attach();
  started.programs.commit();
  assert.deepEqual(started.hooks(), ['file_open=lsm', 'ptrace=undefined']);
});

test('a hook chosen for all is exclusive for opens and preferred for the others; one chosen by name is exclusive', t => {
  const machine = new Machine(t);
  machine.kernel.refusals.set('kretprobe_ptrace', { step: 'load', errno: EINVAL });
  const wish = machine.start({ hook: 'kprobe' }, false);
  wish.programs.attach();
  assert.deepEqual(wish.hooks(), ['file_open=kprobe', 'ptrace=fentry']);
  wish.programs.stop();

  const must = machine.start({ hooks: { ptrace: 'kprobe' } }, false);
  must.programs.attach();
  assert.deepEqual(must.hooks(), ['file_open=lsm', 'ptrace=undefined']);
  must.programs.stop();

  machine.kernel.refusals.set('kprobe_file_open', { step: 'load', errno: EINVAL });
  const opens = machine.start({ hook: 'kprobe' }, false);
  opens.programs.attach();
  assert.equal(opens.hooks()[0], 'file_open=undefined');
});

test('programs that were pinned at the commit keep running after the stop', t => {
  const machine = new Machine(t);
  const { programs } = machine.start();
  programs.attach();
  programs.commit();
  assert.equal(programs.pinned, true);
  assert.deepEqual(machine.pins, ['maps-#', 'programs-#-1-#']);
  const { running } = machine;
  assert.ok(running.length > 0);
  programs.stop();
  assert.deepEqual(machine.running, running);
});

test('a start that would choose the same programs takes over the pinned ones, and loads nothing', t => {
  const machine = new Machine(t);
  const first = machine.start();
  first.programs.attach();
  first.programs.commit();
  first.programs.stop();
  const attached = machine.kernel.attached.length;

  const { programs, control, object, hooks } = machine.start();
  assert.equal(object.isInherited, true);
  assert.deepEqual(
    [...programs.inheritedHooks],
    [
      ['file_open', 'lsm'],
      ['ptrace', 'fentry'],
    ],
  );
  programs.attach();
  programs.commit();
  assert.equal(machine.kernel.attached.length, attached);
  assert.deepEqual(hooks(), BEST);
  assert.equal(control.state.active, 1);
  assert.deepEqual(programs.reports[0]?.attempts[0]?.reason, 'was pinned');
  assert.ok(programs.descriptors.some(({ program }) => program === 'lsm_file_open'));
  const { running } = machine;
  programs.stop();
  assert.deepEqual(machine.running, running);
});

test('a start that chooses other programs proves the new ones beside the old, and then removes the old', t => {
  const machine = new Machine(t);
  const first = machine.start();
  first.programs.attach();
  first.programs.commit();
  first.programs.stop();

  const { programs, control, hooks } = machine.start({ hook: 'fentry' });
  programs.attach();
  assert.deepEqual(hooks(), ['file_open=fentry', 'ptrace=fentry']);
  // the old ones are active until the commit
  assert.deepEqual([control.state.active, control.state.proving], [1, 2]);
  assert.ok(machine.running.includes('lsm_file_open 1'));
  assert.ok(machine.running.includes('fentry_file_open 2'));
  programs.commit();
  assert.deepEqual([control.state.active, control.state.proving], [2, 0]);
  assert.ok(!machine.running.includes('lsm_file_open 1'));
  assert.deepEqual(machine.pins, ['maps-#', 'programs-#-2-#']);
});

test('pinned programs that record no event of this process are replaced, and not taken over', t => {
  const machine = new Machine(t);
  const first = machine.start();
  first.programs.attach();
  first.programs.commit();
  first.programs.stop();
  machine.kernel.silent.add('lsm_file_open').add('fexit_do_filp_open');
  const { programs, control, hooks } = machine.start();
  programs.attach();
  programs.commit();
  assert.equal(hooks()[0], 'file_open=fentry');
  assert.equal(control.state.active, 2);
  assert.ok(!machine.running.includes('lsm_file_open 1'));
});

test('a start that fails leaves the active programs', t => {
  const machine = new Machine(t);
  const first = machine.start();
  first.programs.attach();
  first.programs.commit();
  first.programs.stop();
  const before = machine.running;
  for (const name of ['kprobe_file_open']) machine.kernel.refusals.set(name, { step: 'load', errno: EINVAL });
  const { programs, control } = machine.start({ hook: 'kprobe' });
  programs.attach();
  assert.throws(() => programs.commit(), { code: 'CAPTURE_UNAVAILABLE' });
  programs.stop();
  assert.deepEqual(machine.running, before);
  assert.deepEqual([control.state.active, control.state.proving], [1, 0]);
});

test('where a program cannot be pinned all are active until the stop, and no pins are left', t => {
  const machine = new Machine(t);
  machine.kernel.refusals.set('fexit_ptrace', { step: 'pin', errno: EINVAL });
  const { programs, control } = machine.start();
  programs.attach();
  programs.commit();
  assert.equal(programs.pinned, false);
  assert.equal(control.state.active, 1);
  assert.deepEqual(machine.pins, []);
  assert.ok(machine.running.length > 0);
  programs.stop();
  assert.deepEqual(machine.running, []);
});

test('where a map cannot be pinned the programs are active all the same', t => {
  const machine = new Machine(t);
  machine.kernel.refusals.set('control', { step: 'pin', errno: EPERM });
  const { programs } = machine.start();
  programs.attach();
  programs.commit();
  assert.equal(programs.pinned, false);
  assert.deepEqual(machine.pins, []);
});

test('where new programs cannot be pinned, the old ones are removed: their maps would have no reader', t => {
  const machine = new Machine(t);
  const first = machine.start();
  first.programs.attach();
  first.programs.commit();
  first.programs.stop();
  machine.kernel.refusals.set('fentry_file_open', { step: 'pin', errno: EINVAL });
  const { programs, control } = machine.start({ hook: 'fentry' });
  programs.attach();
  programs.commit();
  assert.equal(programs.pinned, false);
  assert.equal(control.state.active, 2);
  assert.deepEqual(machine.pins, []);
  assert.ok(!machine.running.includes('lsm_file_open 1'));
});

test('the pins of an interrupted start are removed', t => {
  const machine = new Machine(t);
  const first = machine.start();
  first.programs.attach();
  first.programs.commit();
  first.programs.stop();
  const layout = first.object.layout;
  mkdirSync(join(machine.pinPath, 'pending'));
  mkdirSync(join(machine.pinPath, `programs-${layout}-2-abcdef`));
  const { programs } = machine.start();
  assert.deepEqual(machine.pins, ['maps-#', 'programs-#-1-#']);
  programs.attach();
  programs.commit();
  assert.equal(programs.pinned, true);
});

test('a pinned map that is missing, or is not a map, is an error with its name', t => {
  const machine = new Machine(t);
  const first = machine.start();
  first.programs.attach();
  first.programs.commit();
  first.programs.stop();
  const open = machine.kernel.openPinned.bind(machine.kernel);
  machine.kernel.openPinned = path => (path.endsWith('control') ? -EPERM : open(path));
  assert.throws(() => machine.start(), /opening the pinned map control: EPERM/);
  machine.kernel.openPinned = open;
  machine.kernel.reuseFd = () => -EINVAL;
  assert.throws(() => machine.start(), /using the pinned map ring: EINVAL/);
});

test('a hook that does not exist is refused before anything is loaded', t => {
  const machine = new Machine(t);
  assert.throws(() => machine.start({ hooks: { ptrace: 'lsm' } }), {
    code: 'CONFIG_INVALID',
    message: /ptrace=lsm is not one/,
  });
  assert.throws(() => machine.start({ hooks: { nothing: 'auto' } }), { code: 'CONFIG_INVALID' });
  assert.deepEqual(machine.kernel.attached, []);
});
