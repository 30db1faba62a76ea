import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Detection } from '../../../../src/detect/detection.ts';
import { createEngine } from '../../../../src/detect/engine.ts';
import {
  checkExceptionsFile,
  type Exceptions,
  loadExceptions,
  SHIPPED_EXCEPTIONS,
} from '../../../../src/detect/exceptions/exceptions.ts';
import { parseExceptions } from '../../../../src/detect/exceptions/exceptions-file.ts';
import { describeProblem } from '../../../../src/detect/exceptions/rule.ts';
import type { EnrichedEvent } from '../../../../src/enrich/event.ts';
import { MemwardenError } from '../../../../src/errors.ts';
import { parseYaml } from '../../../../src/yaml/yaml-text.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';
import { buildActor, buildEnrichedEvent, buildProcess } from '../../event-builder.ts';

function fileWith(t: TestContext, text: string): string {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'exceptions.yaml');
  writeFileSync(file, text);
  return file;
}

const rule = (fields: string) => `exceptions:\n  - name: one\n${fields.replace(/^/gm, '    ')}\n`;
const problemsIn = (text: string) =>
  parseExceptions('f.yaml', parseYaml(Buffer.from(text))).problems.map(describeProblem);

/** The detections of an event that remain after the exceptions. */
function applied(exceptions: Exceptions, fields: Partial<EnrichedEvent> = {}): Detection[] {
  const detections = createEngine({ events: ['signatures', 'base'] }).detect(buildEnrichedEvent(fields));
  return detections.map(exceptions.apply).filter(detection => detection !== undefined);
}

/** Names, severities and exceptions of the remaining detections, with these exceptions files. */
function detect(files: readonly string[], fields: Partial<EnrichedEvent> = {}) {
  const exceptions = loadExceptions(files);
  const reported = applied(exceptions, fields);
  return {
    exceptions,
    reported: reported.map(({ definition, severity, exception }) => [
      definition.eventName,
      severity,
      exception,
    ]),
  };
}

test('a rule drops what it matches, and counts it', t => {
  const file = fileWith(t, rule('when: actor.uid == 1000\naction: drop'));
  const { reported, exceptions } = detect([file], { flags: 2 });
  assert.deepEqual(reported, []);
  assert.deepEqual([...exceptions.counts], [['one', 2]]);
});

test('a rule lowers the severity, and the detection names the rule', t => {
  const file = fileWith(t, rule('when: actor.uid == 1000\nseverity: 1'));
  assert.deepEqual(detect([file]).reported, [['proc_mem_access', 1, 'one']]);
});

test('a rule never raises a severity', t => {
  const file = fileWith(t, rule('when: self_access\nseverity: 3'));
  assert.deepEqual(detect([file], { selfAccess: true }).reported, [['proc_mem_access', 1, 'one']]);
});

test('a rule that does not match changes and counts nothing', t => {
  const file = fileWith(t, rule('when: actor.uid == 0\naction: drop'));
  const { reported, exceptions } = detect([file]);
  assert.deepEqual(reported, [['proc_mem_access', 3, undefined]]);
  assert.equal(
    exceptions.counts.values().reduce((sum, count) => sum + count, 0),
    0,
  );
});

test('a rule applies to the events that it names', t => {
  const file = fileWith(t, rule('events: [proc_mem_access]\nwhen: "true"\naction: drop'));
  assert.deepEqual(detect([file], { flags: 2 }).reported, [['proc_mem_code_injection', 3, undefined]]);
});

test('the first rule that matches decides, over all files', t => {
  const first = fileWith(t, rule('when: actor.uid == 1000\nseverity: 2'));
  const second = fileWith(t, rule('when: "true"\naction: drop').replace('one', 'two'));
  assert.deepEqual(detect([first, second]).reported, [['proc_mem_access', 2, 'one']]);
  assert.deepEqual(detect([second, first]).reported, []);
});

test('a detection is reported when a condition cannot be evaluated on it', t => {
  const file = fileWith(t, rule('when: actor.ancestors[7] == "x"\naction: drop'));
  assert.equal(detect([file]).reported.length, 1);
});

test('match() alone does not count', t => {
  const exceptions = loadExceptions([fileWith(t, rule('when: "true"\naction: drop'))]);
  const [detection] = createEngine().detect(buildEnrichedEvent());
  assert.ok(detection !== undefined);
  assert.equal(exceptions.match(detection)?.name, 'one');
  assert.equal(
    exceptions.counts.values().reduce((sum, count) => sum + count, 0),
    0,
  );
});

test('rules are read again on demand, and counts go on', t => {
  const file = fileWith(t, rule('when: "true"\naction: drop'));
  const exceptions = loadExceptions([file]);
  assert.equal(applied(exceptions).length, 0);
  writeFileSync(file, rule('when: "true"\nseverity: 2'));
  assert.equal(exceptions.reload(), true);
  assert.equal(applied(exceptions)[0]?.severity, 2);
  assert.equal(exceptions.counts.get('one'), 2);
});

test('a reload of an invalid or missing file leaves the rules in force', t => {
  const file = fileWith(t, rule('when: "true"\naction: drop'));
  const exceptions = loadExceptions([file]);
  writeFileSync(file, rule('when: actor.nothing\naction: drop'));
  assert.equal(exceptions.reload(), false);
  rmSync(file);
  assert.equal(exceptions.reload(), false);
  assert.equal(applied(exceptions).length, 0);
});

test('an invalid file stops the start with every problem, its place and its rule', t => {
  const file = fileWith(
    t,
    `${rule('when: actor.nothing == 1\naction: drop')}  - name: two\n    when: tru\n    severity: 9\n`,
  );
  assert.throws(
    () => loadExceptions([file]),
    (error: unknown) => {
      assert.ok(error instanceof MemwardenError);
      assert.equal(error.code, 'EXCEPTIONS_INVALID');
      const lines = error.message.split('\n');
      assert.match(
        lines[0] ?? '',
        /^failed to load exceptions: .*exceptions\.yaml:3:16: rule "one": actor has no field nothing/,
      );
      assert.match(lines[1] ?? '', /exceptions\.yaml:6:11: rule "two": there is no tru;/);
      assert.match(lines[2] ?? '', /exceptions\.yaml:7:15: rule "two": severity must be 0, 1, 2 or 3/);
      return true;
    },
  );
  assert.equal(checkExceptionsFile(file).length, 3);
});

test('a file that cannot be read is a problem, not an exception', () => {
  const [problem] = checkExceptionsFile('/nowhere/exceptions.yaml');
  assert.match(problem?.reason ?? '', /ENOENT/);
});

test('an empty file, and one of comments, has no rules', () => {
  for (const text of ['', '# nothing\n', 'exceptions:\n', 'exceptions: []\n'])
    assert.deepEqual(parseExceptions('f.yaml', parseYaml(Buffer.from(text))), { rules: [], problems: [] });
});

test('every violation of the format is reported with its place', () => {
  assert.match(problemsIn('- a\n').join(), /^f\.yaml:1:1: the file must have one key, exceptions/);
  assert.match(problemsIn('rules: []\n').join(), /^f\.yaml:1:1: rules is unknown here/);
  assert.match(problemsIn('exceptions: 3\n').join(), /^f\.yaml:1:13: exceptions must be a list/);
  assert.match(problemsIn('exceptions:\n  - 3\n').join(), /^f\.yaml:2:5: a rule must have name, /);
  assert.match(
    problemsIn('exceptions:\n  - when: "true"\n    action: drop\n').join(),
    /2:5: a rule must have a name/,
  );
  assert.match(
    problemsIn(rule('when: "true"\naction: drop\nwhne: x')).join(),
    /5:5: rule "one": whne is unknown/,
  );
  assert.match(
    problemsIn(rule('when: "true"\naction: ignore')).join(),
    /4:13: rule "one": the only action is drop/,
  );
  assert.match(
    problemsIn(rule('when: "true"')).join(),
    /rule "one": a rule must have either action: drop, or sev/,
  );
  assert.match(
    problemsIn(rule('when: "true"\naction: drop\nseverity: 1')).join(),
    /either action: drop, or sev/,
  );
  assert.match(
    problemsIn(rule('when: true\naction: drop')).join(),
    /3:11: rule "one": when must be a condition/,
  );
  assert.match(problemsIn(rule('action: drop')).join(), /when must be a condition/);
  assert.match(
    problemsIn(rule('events: [ptrace]\nwhen: "true"\naction: drop')).join(),
    /3:14: rule "one": there is no event ptrace; there are proc_mem_access,/,
  );
  assert.match(
    problemsIn(rule('events: proc_mem_access\nwhen: "true"\naction: drop')).join(),
    /must be a list of event/,
  );
  assert.match(
    problemsIn(
      `${rule('when: "true"\naction: drop')}  - name: one\n    when: "true"\n    action: drop\n`,
    ).join(),
    /5:11: rule "one": another rule has this name/,
  );
  assert.match(problemsIn('exceptions: [\n').join(), /^f\.yaml:/);
  assert.match(problemsIn('a: 1\na: 2\n').join(), /unique/);
});

test('an error in a condition is reported at its place in the file, in every style of YAML', () => {
  const places = [
    ['when: true && actor.x == 1', '3:24'],
    ['when: "true && actor.x == 1"', '3:25'],
    ["when: 'true && actor.x == 1'", '3:25'],
    ['when: true &&\n  actor.x == 1', '4:12'],
    ['when: >-\n  true &&\n  actor.x == 1', '5:12'],
    ['when: |\n  true &&\n    false &&\n  actor.x == 1', '6:12'],
  ] as const;
  for (const [when, place] of places)
    assert.match(
      problemsIn(rule(`${when}\naction: drop`)).join(),
      new RegExp(`^f\\.yaml:${place}: rule "one": actor has`),
      when,
    );
});

/** The detections of an event that remain after the shipped rules. */
const shipped = (fields: Partial<EnrichedEvent>) => detect([SHIPPED_EXCEPTIONS], fields).reported;
const actorAt = (executablePath: string) => buildActor({ executablePath });

test('the shipped rules have no problem', () => {
  assert.deepEqual(checkExceptionsFile(SHIPPED_EXCEPTIONS), []);
});

test('shipped: a debugger that reads the program that it started is lowered, not dropped', () => {
  const call = {
    kind: 'process_vm',
    method: 'process_vm_readv',
    path: undefined,
    targetIsDescendant: true,
  } as const;
  for (const path of ['/usr/bin/strace', '/usr/local/bin/dlv', '/usr/lib/llvm-14/bin/lldb-server'])
    assert.deepEqual(shipped({ ...call, actor: actorAt(path) }), [
      ['process_vm_read', 1, 'debugger and its own program'],
    ]);
});

test('shipped: a debugger that attaches to another program keeps its severity, and so does a program that only has its name', () => {
  const call = { kind: 'process_vm', method: 'process_vm_readv', path: undefined } as const;
  assert.deepEqual(shipped({ ...call, actor: actorAt('/usr/bin/gdb') }), [['process_vm_read', 3, undefined]]);
  const false_ = { ...call, targetIsDescendant: true, actor: actorAt('/tmp/usr/bin/gdb') };
  assert.deepEqual(shipped(false_), [['process_vm_read', 3, undefined]]);
});

test('shipped: a crash handler must have the user and the mount namespace of the process that it reads', () => {
  const actor = actorAt('/opt/google/chrome/chrome_crashpad_handler');
  const call = { kind: 'process_vm', method: 'process_vm_readv', path: undefined, actor } as const;
  const severity = (target: Parameters<typeof buildProcess>[0]) =>
    shipped({ ...call, target: buildProcess(target) })[0]?.[1];
  assert.equal(severity({ uid: 1000 }), 1);
  assert.equal(severity({ uid: 0 }), 3);
  assert.equal(severity({ uid: 1000, mountNamespace: 4_026_532_000 }), 3);
});

test('shipped: a JIT compiler is dropped from dynamic_code_loading, and from nothing else', () => {
  const memory = {
    kind: 'mem_protect',
    method: 'mprotect',
    protection: 5,
    previousProtection: 3,
    target: undefined,
  } as const;
  for (const path of [
    '/usr/bin/node',
    '/usr/local/bin/node',
    '/usr/lib/jvm/java-17-openjdk-amd64/bin/java',
    '/usr/bin/php8.2',
    '/usr/bin/qemu-system-x86_64',
    '/usr/lib/firefox-esr/firefox-esr',
    '/opt/java/openjdk/bin/java',
  ]) {
    assert.deepEqual(shipped({ ...memory, actor: actorAt(path) }), [['mem_prot_alert', 0, undefined]], path);
    assert.deepEqual(shipped({ actor: actorAt(path) }), [['proc_mem_access', 3, undefined]], path);
  }
  assert.equal(shipped({ ...memory, actor: actorAt('/tmp/node') }).length, 2);
});

test('shipped: a profiler may read kernel memory, but not from a container', () => {
  const kcore = { kind: 'kcore_open', target: undefined, path: '/proc/kcore' } as const;
  const actor = buildActor({ executablePath: '/usr/bin/perf', uid: 0 });
  assert.equal(shipped({ ...kcore, actor })[0]?.[1], 1);
  assert.equal(shipped({ ...kcore, actor, actorDetails: { containerId: 'a'.repeat(64) } })[0]?.[1], 2);
});
