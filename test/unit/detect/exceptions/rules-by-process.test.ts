import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createEngine } from '../../../../src/detect/engine.ts';
import { compileCondition } from '../../../../src/detect/exceptions/condition.ts';
import type { ExceptionRule } from '../../../../src/detect/exceptions/rule.ts';
import { RulesByProcess } from '../../../../src/detect/exceptions/rules-by-process.ts';
import { bindVariables } from '../../../../src/detect/exceptions/variables.ts';
import type { EnrichedEvent } from '../../../../src/enrich/event.ts';
import { buildActor, buildEnrichedEvent } from '../../event-builder.ts';

function rule(when: string): ExceptionRule {
  return {
    name: when,
    description: '',
    file: '',
    events: undefined,
    condition: compileCondition(when),
    action: 'drop',
  };
}

/** Names of the selected rules, and how many conditions were evaluated to select them. */
function ask(rulesByProcess: RulesByProcess, fields: Partial<EnrichedEvent>) {
  const [detection] = createEngine().detect(buildEnrichedEvent(fields));
  assert(detection);
  const bindings = bindVariables(detection);
  let evaluated = 0;
  const found = rulesByProcess.of(detection, ({ condition }) => {
    evaluated += 1;
    return condition.test(bindings);
  });
  return { names: found.map(({ name }) => name), evaluated };
}

suite('the rules that can match between two processes', () => {
  const ofRoot = 'actor.uid == 0';
  const ofOthers = 'actor.uid != 0 && target.exe != ""';
  const byAct = 'io_uring || actor.uid == 0';
  const ofChildren = 'target_is_descendant';
  const { actor, target, actorDetails, targetDetails } = buildEnrichedEvent();
  const same = { actor, target, actorDetails, targetDetails };

  test('are selected once for the same processes, in their order', () => {
    const rulesByProcess = new RulesByProcess([ofRoot, byAct, ofOthers].map(rule));
    assert.deepEqual(ask(rulesByProcess, same), { names: [byAct, ofOthers], evaluated: 2 });
    assert.deepEqual(ask(rulesByProcess, { ...same, ioUring: true }), {
      names: [byAct, ofOthers],
      evaluated: 0,
    });
  });

  test('are selected again for another process, and for one whose details have changed', () => {
    const rulesByProcess = new RulesByProcess([ofRoot, ofOthers].map(rule));
    ask(rulesByProcess, same);
    assert.deepEqual(ask(rulesByProcess, { ...same, actor: buildActor({ ...actor, uid: 0 }) }).names, [
      ofRoot,
    ]);
    assert.equal(ask(rulesByProcess, { ...same, actorDetails: { userName: 'alice' } }).evaluated, 2);
  });

  test('are selected again for the same two processes in another relation', () => {
    const rulesByProcess = new RulesByProcess([ofChildren].map(rule));
    assert.deepEqual(ask(rulesByProcess, same).names, []);
    assert.deepEqual(ask(rulesByProcess, { ...same, targetIsDescendant: true }).names, [ofChildren]);
    assert.deepEqual(ask(rulesByProcess, same), { names: [], evaluated: 0 });
  });

  test('include every rule that uses anything else than the processes', () => {
    const conditions = ['flags == "O_RDONLY"', 'actor.ancestors.exists(name, name == "sh")', 'severity > 2'];
    for (const condition of conditions) assert.equal(compileCondition(condition).aboutProcesses, false);
    for (const condition of [ofOthers, ofChildren])
      assert.equal(compileCondition(condition).aboutProcesses, true);
  });
});
