import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { whyNotLive } from '../../live/requirements.ts';

const PROGRAM = fileURLToPath(new URL('./probe-hooks.program.ts', import.meta.url));

interface Answer {
  readonly capability: string;
  readonly hook?: string;
  readonly reasons: readonly string[];
}

/** The kernel's own result for a process with only these capabilities, without memwarden's check at the start. */
function answersWith(capabilities: readonly string[]): readonly Answer[] {
  const bounding = ['-all', ...capabilities.map(name => `+${name}`)].join(',');
  const output = execFileSync(
    'setpriv',
    [`--bounding-set=${bounding}`, '--inh-caps=-all', '--no-new-privs', process.execPath, PROGRAM],
    { encoding: 'utf8' },
  );
  return JSON.parse(output);
}

function whyNoSetpriv(): string | false {
  try {
    execFileSync('setpriv', ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'needs setpriv, of util-linux';
  }
}

describe('the kernel', { skip: whyNotLive() || whyNoSetpriv() }, () => {
  const hooksOf = (answers: readonly Answer[]) =>
    answers.flatMap(({ capability, hook }) => (hook === undefined ? [] : [capability]));

  test('allows with BPF and PERFMON every hook that it allows root', () => {
    const asRoot = hooksOf(answersWith(['all']));
    assert.ok(asRoot.includes('file_open'));
    assert.deepEqual(hooksOf(answersWith(['bpf', 'perfmon'])), asRoot);
  });

  for (const [missing, left] of [
    ['BPF', 'perfmon'],
    ['PERFMON', 'bpf'],
  ] as const) {
    test(`refuses every hook without ${missing}`, () => {
      const answers = answersWith([left, 'sys_ptrace', 'dac_read_search']);
      assert.deepEqual(hooksOf(answers), []);
      assert.match(answers[0]?.reasons.join() ?? '', /EPERM/);
    });
  }
});
