import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { EXIT } from '../../../src/service/exit-codes.ts';
import { temporaryDirectory } from '../../temporary-directory.ts';
import { memwarden } from './cli.ts';

const folder = temporaryDirectory({ after });

function record(
  eventName: string,
  severity: number,
  attributes: Readonly<Record<string, unknown>> = {},
): string {
  return JSON.stringify({
    timestamp: '2026-01-02T03:04:05.678901234Z',
    eventName,
    severityText: ['INFO', 'LOW', 'MEDIUM', 'HIGH'][severity],
    body: `body of ${eventName}`,
    attributes: { 'memwarden.severity': severity, ...attributes },
  });
}

/** `memwarden tail --from FILE`: what it prints of these lines. */
function shown(lines: readonly string[], ...args: string[]): { stdout: string; stderr: string } {
  const path = join(folder, 'records.jsonl');
  writeFileSync(path, lines.join('\n'));
  const { status, stdout, stderr } = memwarden(['tail', '--from', path, ...args]);
  assert.equal(status, EXIT.ok, stderr);
  return { stdout, stderr };
}

const RECORDS = [
  record('proc_mem_access', 3, { 'security_rule.uuid': 'TRC-1023', 'container.id': '4f2a77' }),
  record('ptrace_memory_access', 2, {
    'security_rule.uuid': 'MEM-1002',
    'memwarden.target.container.id': 'b0b1',
  }),
  record('proc_mem_code_injection', 1, { 'security_rule.uuid': 'TRC-1024' }),
];

const bodies = (stdout: string) => [...stdout.matchAll(/body of (\S+)/g)].map(([, name]) => name);

describe('memwarden tail', () => {
  it('prints one readable line a record, the last one without a line end too', () => {
    const { stdout } = shown(RECORDS);
    assert.equal(
      stdout.split('\n')[0],
      '03:04:05.678 HIGH   TRC-1023 proc_mem_access  body of proc_mem_access',
    );
    assert.equal(stdout.match(/\n/g)?.length, RECORDS.length);
  });

  it('filters by signature, under its name, id or set', () => {
    assert.deepEqual(bodies(shown(RECORDS, '--signature', 'TRC-1023,proc_mem_code_injection').stdout), [
      'proc_mem_access',
      'proc_mem_code_injection',
    ]);
    assert.equal(bodies(shown(RECORDS, '--signature', 'default').stdout).length, 3);
  });

  it('filters by severity', () => {
    assert.deepEqual(bodies(shown(RECORDS, '--min-severity', 'medium').stdout), [
      'proc_mem_access',
      'ptrace_memory_access',
    ]);
  });

  it('filters by the container of either side', () => {
    assert.deepEqual(bodies(shown(RECORDS, '--container', '4f2a').stdout), ['proc_mem_access']);
    assert.deepEqual(bodies(shown(RECORDS, '--container', 'b0b1').stdout), ['ptrace_memory_access']);
  });

  it('never hides that events were lost', () => {
    const lost = record('memwarden.events_lost', 2);
    const args = ['--signature', 'TRC-1023', '--min-severity', 'high', '--container', 'ffff'];
    assert.deepEqual(bodies(shown([...RECORDS, lost], ...args).stdout), ['memwarden.events_lost']);
  });

  it('says how many records it did not show, and how many lines were none', () => {
    const { stderr } = shown(
      [...RECORDS, 'memwarden ready', '{"not":"a record"}', 'null'],
      '--min-severity',
      'high',
    );
    assert.match(stderr, /1 shown, 2 hidden by the filters, 3 lines were no records/);
  });

  it('passes records on unchanged with --json', () => {
    assert.equal(shown(RECORDS.slice(0, 2), '--json').stdout, `${RECORDS.slice(0, 2).join('\n')}\n`);
  });

  it('prints both sides, outcome and technique with --details, and no empty aspect', () => {
    const { stdout } = shown(
      [
        record('proc_mem_access', 3, {
          'process.executable.path': '/usr/bin/python3',
          'process.pid': 11,
          'process.user.id': 0,
          'process.user.name': 'root',
          'memwarden.ancestors': ['bash(9)', 'sshd(1)'],
          'memwarden.target.process.pid': 12,
          'event.outcome': 'failure',
          'error.type': 'EACCES',
          'threat.technique.subtechnique.id': 'T1003.007',
          'threat.technique.subtechnique.name': 'Proc Filesystem',
        }),
      ],
      '--details',
    );
    assert.deepEqual(stdout.trimEnd().split('\n').slice(1), [
      '    actor       /usr/bin/python3 · pid 11 · root (uid 0)',
      '    started by  bash(9) ← sshd(1)',
      '    target      pid 12',
      '    outcome     failure · EACCES',
      '    technique   T1003.007 · Proc Filesystem',
    ]);
  });

  it('lets no control character of a record reach the terminal', () => {
    const { stdout } = shown(
      [
        record('proc_mem_access\u001b[2J', 3, {
          'process.command_line': 'sh -c \u001b]0;x\u0007',
          'security_rule.uuid': '\u202e',
        }),
      ],
      '--details',
    );
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
    assert.match(stdout, /\\u001b/);
  });

  it('refuses a signature that does not exist', () => {
    const { status, stderr } = memwarden(['tail', '--from', '/dev/null', '--signature', 'TRC-9999']);
    assert.equal(status, EXIT.usage);
    assert.match(stderr, /failed to select "TRC-9999": allowed is a list of proc_mem_access/);
  });

  it('refuses a file that does not exist', () => {
    const { status, stderr } = memwarden(['tail', '--from', join(folder, 'absent')]);
    assert.equal(status, EXIT.usage);
    assert.match(stderr, /failed to read .*absent: ENOENT/);
  });
});
