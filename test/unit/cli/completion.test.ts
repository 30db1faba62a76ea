import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { bashCompletion, zshCompletion } from '../../../src/cli/completion/bash.ts';
import { completables } from '../../../src/cli/completion/completable.ts';
import { fishCompletion } from '../../../src/cli/completion/fish.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { EXIT } from '../../../src/service/exit-codes.ts';
import { memwarden } from './cli.ts';

const places = completables(createProgram({ env: {}, finish: () => {} }), 'run');

function hasShell(name: string): boolean {
  return spawnSync(name, ['-c', 'exit 0']).status === 0;
}

function output(shell: string, script: string): string {
  const { status, stdout, stderr } = spawnSync(shell, ['-c', script], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout;
}

/** What bash offers for the last of these words. */
function offered(...words: string[]): readonly string[] {
  const quoted = words.map(word => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _memwarden; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return output('bash', `${bashCompletion(places)}\n${ask}`)
    .trimEnd()
    .split('\n');
}

describe('the completion for bash', () => {
  it('offers commands, and those of a group', () => {
    assert.deepEqual(offered('memwarden', 'ex'), ['exceptions', 'explain']);
    assert.deepEqual(offered('memwarden', 'config', 're'), ['reference']);
  });

  it('offers the flags of the command at hand, and those of run after the name alone', () => {
    assert.deepEqual(offered('memwarden', 'tail', '--min'), ['--min-severity']);
    assert.deepEqual(offered('memwarden', '--pre'), ['--pretty']);
    assert.ok(!offered('memwarden', 'spool', 'status', '--').includes('--pretty'));
  });

  it('offers the values of a flag or an argument from a closed list', () => {
    assert.deepEqual(offered('memwarden', 'run', '--exporter', ''), ['otlp', 'console', 'none']);
    assert.deepEqual(offered('memwarden', 'completion', ''), ['bash', 'zsh', 'fish', '--help']);
    assert.ok(offered('memwarden', 'explain', 'TRC-102').includes('TRC-1023'));
  });

  it('offers files where a file is wanted', () => {
    assert.deepEqual(offered('memwarden', 'exceptions', 'check', '/etc/host.con'), ['/etc/host.conf']);
  });

  it('goes on with flags after a flag that takes no value', () => {
    assert.deepEqual(offered('memwarden', 'run', '--pretty', '--exp'), ['--exporter']);
  });
});

describe('the completion for zsh', () => {
  it('is valid', t => {
    if (!hasShell('zsh')) return t.skip('zsh is not installed');
    output('zsh', `autoload -Uz compinit && compinit -u\n${zshCompletion(places)}\nwhence _memwarden`);
  });
});

describe('the completion for fish', () => {
  it('offers commands and values', t => {
    if (!hasShell('fish')) return t.skip('fish is not installed');
    const ask = (line: string) => output('fish', `${fishCompletion(places)}\ncomplete -C '${line}'`);
    assert.match(ask('memwarden ex'), /^exceptions\t/m);
    assert.match(ask('memwarden config re'), /^reference\t/m);
    assert.match(ask('memwarden run --exporter '), /^console\t?/m);
  });
});

describe('memwarden completion', () => {
  it('prints a script, and refuses a shell that it does not know', () => {
    assert.match(
      memwarden(['completion', 'bash']).stdout,
      /complete -o filenames -F _memwarden memwarden\n$/,
    );
    const { status, stderr } = memwarden(['completion', 'csh']);
    assert.equal(status, EXIT.usage);
    assert.match(stderr, /bash, zsh, fish/);
  });
});
