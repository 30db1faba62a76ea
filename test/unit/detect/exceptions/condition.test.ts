import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createEngine } from '../../../../src/detect/engine.ts';
import { ConditionError, compileCondition } from '../../../../src/detect/exceptions/condition.ts';
import { bindVariables } from '../../../../src/detect/exceptions/variables.ts';
import type { EnrichedEvent } from '../../../../src/enrich/event.ts';
import { buildEnrichedEvent } from '../../event-builder.ts';

function holds(text: string, fields: Partial<EnrichedEvent> = {}): boolean {
  const [detection] = createEngine({ events: ['signatures', 'base'] }).detect(buildEnrichedEvent(fields));
  assert.ok(detection !== undefined);
  return compileCondition(text).test(bindVariables(detection));
}

const TRUE_OF_THE_USUAL_EVENT = [
  'true',
  'event == "proc_mem_access" && severity == 3 && method == "proc_mem_open" && mode == "read"',
  'outcome == "success" && error == ""',
  'path == "/proc/4242/mem" && flags == "O_RDONLY"',
  'path.startsWith("/proc/") && path.endsWith("/mem") && path.contains("4242") && path.matches("^/proc/[0-9]+/mem$")',
  '!self_access && !target_is_descendant && !cross_container && !io_uring',
  'actor.pid == 4711 && actor.ppid == 4700 && actor.uid == 1000 && actor.euid == 1000 && actor.gid == 1000',
  'actor.exe.glob("/usr/bin/python*") && !actor.exe.glob("/usr/*")',
  'actor.comm == "python3" && actor.user == "user" && actor.cmdline == "python3 dump.py"',
  'actor.mount_ns == target.mount_ns && actor.pid_ns == target.pid_ns',
  'actor.ancestors.exists(a, a == "bash") && actor.ancestors[0] == "bash" && size(actor.ancestors) == 2',
  'actor.ancestors.all(a, a != "sshd") && actor.ancestors.filter(a, a.startsWith("s")).size() == 1',
  'actor.ancestors.map(a, a + "!").exists_one(a, a == "bash!")',
  'target.pid == 4242 && target.exe in ["/opt/runner/bin/Runner.Worker", "/x"]',
  '"bash" in actor.ancestors',
  'actor.cgroup.startsWith("/user.slice/")',
  'actor.loginuid == -1',
  'actor.container_id == "" && actor.pod_uid == ""',
  'severity > 2 ? mode == "read" : false',
  'actor.uid + 1 == 1001 && bytes == 0',
  'string(actor.uid) == "1000" && has(actor.uid)',
  '{"read": 1}[mode] == 1',
  'alert == "" && request == ""',
];

describe('a condition is true of the usual event', () => {
  for (const text of TRUE_OF_THE_USUAL_EVENT) test(text, () => assert.equal(holds(text), true));
});

test('a condition can test the outcome and the error', () => {
  assert.ok(holds('outcome == "failure" && error == "EACCES"', { result: -13 }));
  assert.ok(holds('outcome == "" && error == ""', { result: undefined }));
});

test('the ids of an unknown target are -1 and not root’s 0, and its texts are empty', () => {
  const kcore = { kind: 'kcore_open', target: undefined, path: '/proc/kcore' } as const;
  assert.ok(holds('target.uid == -1 && target.pid == -1 && target.exe == "" && target.comm == ""', kcore));
});

test('a condition can use the fields of other events', () => {
  assert.ok(holds('request == "PTRACE_ATTACH"', { kind: 'ptrace', method: 'ptrace', flags: 16 }));
  const memory = { kind: 'mem_protect', method: 'mmap', protection: 6, sizeBytes: 4096n } as const;
  assert.ok(holds('alert.startsWith("Mmaped") && bytes == 4096 && mode == ""', memory));
});

/** A condition with ^ in front of the wrong character, and the message. */
const WRONG: readonly (readonly [text: string, reason: RegExp])[] = [
  ['^', /^it ends too early$/],
  ['event ^==', /^= is not expected here$/],
  ['event == "x" ^&&& true', /^& is not expected here$/],
  ['^evnt == "x"', /^there is no evnt; there are event, severity, /],
  ['actor^.path == "x"', /^actor has no field path; it has pid, ppid, exe, /],
  ['^has(actor.nothing)', /^actor has no field nothing/],
  ['severity ^== "high"', /^int and string are never equal$/],
  ['actor.uid ^in ["root"]', /^there is no int in list\(string\)$/],
  ['severity ^< "3"', /^< does not take int and string$/],
  ['^event', /^the condition gives string, not true or false$/],
  ['self_access && ^event', /^&& joins conditions, and this is string$/],
  ['^event ? true : false', /^\?: needs a condition first$/],
  ['^actor == target', /^actor is a group, name one of its fields$/],
  ['[^actor] == []', /^actor is a group, name one of its fields$/],
  ['^nothing(1)', /^there is no function nothing$/],
  ['actor.exe^.glob(1)', /^glob of string does not take int$/],
  ['actor.uid^.glob("x")', /^glob of int does not take string$/],
  ['event^.x == "y"', /^string has no field x$/],
  ['^event.exists(a, true)', /^string has no elements$/],
  ['actor.ancestors.exists(a, a ^== 1)', /^string and int are never equal$/],
  ['actor.ancestors.exists(a, ^b == "x")', /^there is no b;/],
  ['event^[0] == "x"', /^string has no elements$/],
  ['path^.matches("[")', /^\[ is no RE2 pattern$/],
  ['^!event', /^! does not take string$/],
];

describe('an invalid condition is refused when it is compiled, at the right character', () => {
  for (const [marked, reason] of WRONG) {
    test(marked, () => {
      const offset = marked.indexOf('^');
      assert.throws(
        () => compileCondition(marked.replace('^', '')),
        (error: unknown) => {
          assert.ok(error instanceof ConditionError, String(error));
          assert.match(error.message, reason);
          assert.equal(error.offset, offset);
          return true;
        },
      );
    });
  }
});

test('a condition that cannot be evaluated on some values throws when it is tested', () => {
  assert.throws(() => holds('actor.ancestors[7] == "x"'));
  assert.throws(() => holds('1 / (actor.uid - 1000) == 1'));
});
