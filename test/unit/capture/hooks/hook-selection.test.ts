import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import { BpfObject } from '../../../../src/capture/hooks/bpf-object.ts';
import { type HookSelectionOptions, selectHook } from '../../../../src/capture/hooks/hook-selection.ts';
import type { Ladder, LadderStep } from '../../../../src/capture/hooks/ladders/ladder.ts';
import { buildCapturedEvent } from '../../event-builder.ts';
import { FakeLibbpf, LSM_TYPE } from '../fake-libbpf.ts';

const { EINVAL, EPERM } = constants.errno;
const KNOBS = {
  generation: 7,
  rawOpen: false,
  rawUnfiltered: false,
  rawByName: false,
  rawBySuffix: false,
  rawByDirectory: false,
};
const LSM: LadderStep = { hook: 'lsm', programs: ['lsm_x'], limits: ['of lsm'] };
const FENTRY: LadderStep = { hook: 'fentry', programs: ['fentry_x'], limits: ['of fentry'] };
const KPROBE: LadderStep = { hook: 'kprobe', programs: ['kprobe_x', 'kprobe_y'], limits: [] };

/** Selects among steps on a kernel that has all of their programs. */
function choose(
  steps: readonly LadderStep[],
  prepare: (kernel: FakeLibbpf) => void = () => undefined,
  options: Partial<HookSelectionOptions> = {},
) {
  const kernel = new FakeLibbpf();
  kernel.programs = [
    ...new Set(
      steps.flatMap(({ programs, results = [], optional = [], oneOf = [] }) => [
        ...programs,
        ...results,
        ...optional,
        ...oneOf,
      ]),
    ),
  ];
  prepare(kernel);
  const object = new BpfObject(kernel, { path: 'x.o', btfPath: undefined, ringBytes: 4096, pins: undefined });
  const ladder: Ladder = {
    capability: 'x',
    required: false,
    kinds: ['proc_mem_open'],
    steps,
    provoke: () => undefined,
    isProof: event => event.kind === 'proc_mem_open',
  };
  const { report, attachments } = selectHook(ladder, object, {
    choice: 'auto',
    exclusive: false,
    knobs: KNOBS,
    ownEvents: () => kernel.proofs(),
    ...options,
  });
  const attempts = report.attempts.map(({ program, outcome }) => `${program} ${outcome}`);
  return { kernel, report, attachments, attempts, running: kernel.running.map(({ program }) => program) };
}

test('the first hook that delivers is selected, and no later one is tried', () => {
  const { report, attempts, kernel, running } = choose([LSM, FENTRY]);
  assert.equal(report.hook, 'lsm');
  assert.deepEqual(report.limits, ['of lsm']);
  assert.deepEqual(attempts, ['lsm_x alive']);
  assert.deepEqual(running, ['lsm_x']);
  assert.deepEqual(kernel.attached, ['lsm_x']);
});

test('a hook that the kernel refuses is skipped, and its reason reported', () => {
  for (const step of ['load', 'attach'] as const) {
    const { report, running } = choose([LSM, FENTRY], kernel =>
      kernel.refusals.set('lsm_x', { step, errno: EINVAL }),
    );
    assert.equal(report.hook, 'fentry');
    assert.deepEqual(report.limits, ['of fentry']);
    assert.equal(report.attempts[0]?.outcome, 'refused');
    assert.match(report.attempts[0]?.reason ?? '', new RegExp(`^${step}: EINVAL`));
    assert.deepEqual(running, ['fentry_x']);
  }
});

test('the reason contains the message of the verifier, without its statistics', () => {
  const log = 'func#0 @0\nR1 invalid mem access\nprocessed 12 insns\n-- END PROG LOAD LOG --\n';
  const { report } = choose([LSM], kernel =>
    kernel.refusals.set('lsm_x', { step: 'load', errno: EINVAL, log }),
  );
  assert.match(report.attempts[0]?.reason ?? '', /^load: EINVAL .*: R1 invalid mem access$/);
});

test('a hook that attaches and does not deliver is skipped, and detached', () => {
  const { report, attempts, running, kernel } = choose([LSM, FENTRY], kernel => kernel.silent.add('lsm_x'));
  assert.equal(report.hook, 'fentry');
  assert.deepEqual(attempts, ['lsm_x silent', 'fentry_x alive']);
  assert.deepEqual(kernel.attached, ['lsm_x', 'fentry_x']);
  assert.deepEqual(running, ['fentry_x']);
});

test('an event of another hook, or of another kind, proves nothing', () => {
  const others = [
    buildCapturedEvent({ hook: 'kprobe' }),
    buildCapturedEvent({ hook: 'lsm', kind: 'kcore_open' }),
  ];
  const { report } = choose([LSM], undefined, { ownEvents: () => others });
  assert.equal(report.hook, undefined);
});

test('an event before the canary proves nothing', () => {
  let asked = 0;
  const ownEvents = () => (asked++ === 0 ? [buildCapturedEvent({ hook: 'lsm' })] : []);
  assert.equal(choose([LSM], undefined, { ownEvents }).report.hook, undefined);
});

test('where no hook delivers there is none, and no program stays attached', () => {
  const { report, attempts, running, kernel, attachments } = choose([LSM, FENTRY], kernel => {
    kernel.silent.add('lsm_x');
    kernel.refusals.set('fentry_x', { step: 'attach', errno: EPERM });
  });
  assert.equal(report.hook, undefined);
  assert.deepEqual(report.limits, []);
  assert.deepEqual(attempts, ['lsm_x silent', 'fentry_x refused']);
  assert.deepEqual([running, attachments], [[], []]);
  assert.equal(kernel.openObjects, 1);
});

test('the chosen hook is tried first, and then the others in their order', () => {
  const { attempts } = choose(
    [LSM, FENTRY, KPROBE],
    kernel => {
      kernel.silent.add('kprobe_x').add('kprobe_y').add('lsm_x');
    },
    { choice: 'kprobe' },
  );
  assert.deepEqual(attempts, ['kprobe_x+kprobe_y silent', 'lsm_x silent', 'fentry_x alive']);
});

test('an exclusive choice gets no other hook', () => {
  const { report, attempts } = choose([LSM, FENTRY], kernel => kernel.silent.add('fentry_x'), {
    choice: 'fentry',
    exclusive: true,
  });
  assert.equal(report.hook, undefined);
  assert.deepEqual(attempts, ['fentry_x silent']);
});

test('all programs of a step are attached, or none', () => {
  const { report, running, attempts, kernel } = choose([KPROBE, FENTRY], kernel =>
    kernel.refusals.set('kprobe_y', { step: 'attach', errno: EINVAL }),
  );
  assert.equal(report.hook, 'fentry');
  assert.deepEqual(attempts, ['kprobe_x+kprobe_y refused', 'fentry_x alive']);
  assert.deepEqual(running, ['fentry_x']);
  assert.deepEqual(kernel.attached, ['kprobe_x', 'fentry_x']);
});

test('the program for the result is attached before the one whose events wait for it', () => {
  const { kernel, report } = choose([{ ...LSM, results: ['fexit_a', 'fexit_b'] }]);
  assert.deepEqual(kernel.attached, ['fexit_a', 'lsm_x']);
  const main = kernel.running.find(({ program }) => program === 'lsm_x');
  assert.deepEqual(main, { program: 'lsm_x', hook: 'lsm', generation: 7, resultFollows: true });
  assert.deepEqual(report.limits, ['of lsm']);
});

test('without a program for the result events do not wait for it, and the report has the limit', () => {
  const { kernel, report } = choose([{ ...LSM, results: ['fexit_a', 'fexit_b'] }], kernel => {
    for (const name of ['fexit_a', 'fexit_b']) kernel.refusals.set(name, { step: 'load', errno: EINVAL });
  });
  assert.equal(report.hook, 'lsm');
  assert.deepEqual(report.limits, ['of lsm', 'the outcome is unknown']);
  assert.equal(kernel.running[0]?.resultFollows, false);
});

test('the program for the result is detached with a hook that is skipped', () => {
  const { running } = choose([{ ...LSM, results: ['fexit_a'] }, FENTRY], kernel =>
    kernel.refusals.set('lsm_x', { step: 'attach', errno: EINVAL }),
  );
  assert.deepEqual(running, ['fentry_x']);
});

test('optional programs are attached where possible, and of several variants the first', () => {
  const step = { ...LSM, optional: ['opt_a', 'opt_b'], oneOf: ['form_a', 'form_b', 'form_c'] };
  const { running } = choose([step], kernel => {
    kernel.refusals.set('opt_a', { step: 'attach', errno: EINVAL });
    kernel.refusals.set('form_a', { step: 'load', errno: EINVAL });
  });
  assert.deepEqual(running, ['lsm_x', 'opt_b', 'form_b']);
});

test('a program that was refused is not tried again by another step', () => {
  const results = ['fexit_a'];
  const { report } = choose(
    [
      { ...LSM, results },
      { ...FENTRY, results },
    ],
    kernel => {
      kernel.silent.add('lsm_x');
      kernel.refusals.set('fexit_a', { step: 'load', errno: EINVAL });
    },
  );
  assert.equal(report.attempts.filter(({ program }) => program === 'fexit_a').length, 1);
});

test('a kind of program that the host forbids is refused without loading the object', () => {
  const { report, kernel } = choose([LSM, KPROBE], kernel => kernel.forbiddenTypes.add(LSM_TYPE));
  assert.equal(report.attempts[0]?.outcome, 'refused');
  assert.match(report.attempts[0]?.reason ?? '', /^load: EPERM/);
  assert.ok(!kernel.attached.includes('lsm_x'));
});

test('a program that is not in the object is refused', () => {
  const { report } = choose([{ ...LSM, programs: ['lsm_x', 'lsm_other'] }, FENTRY], kernel => {
    kernel.programs = ['lsm_x', 'fentry_x'];
  });
  assert.equal(report.hook, 'fentry');
  assert.equal(report.attempts[0]?.reason, 'not in the object');
});

test('an error that is not a refusal ends the start', () => {
  const ownEvents = () => {
    throw new Error('failed to read');
  };
  assert.throws(() => choose([LSM], undefined, { ownEvents }), /failed to read/);
  const ofAnotherBuild = (kernel: FakeLibbpf) => {
    kernel.setInitialValue = () => -EINVAL;
  };
  assert.throws(() => choose([LSM], ofAnotherBuild), {
    code: 'CAPTURE_OBJECT_INVALID',
    message: /constants/,
  });
});

test('an object without a ring buffer, or a missing object, is an error', () => {
  const open = (prepare: (kernel: FakeLibbpf) => void, path = 'x.o') => {
    const kernel = new FakeLibbpf();
    prepare(kernel);
    return new BpfObject(kernel, { path, btfPath: undefined, ringBytes: 4096, pins: undefined });
  };
  const code = 'CAPTURE_OBJECT_INVALID';
  assert.throws(
    () =>
      open(kernel => {
        kernel.maps = ['control'];
      }),
    { code, message: /no map named ring/ },
  );
  assert.throws(() => open(() => undefined, ''), { code, message: /ENOENT/ });
  assert.throws(() => open(() => undefined).mapFd('nothing'), { code, message: /no map named nothing/ });
});
