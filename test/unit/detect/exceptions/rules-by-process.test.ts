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

/** Names of the candidates, and how many conditions were evaluated to find them. */
function ask(candidates: RulesByProcess, fields: Partial<EnrichedEvent>) {
  const [detection] = createEngine().detect(buildEnrichedEvent(fields));
  assert(detection);
  const bindings = bindVariables(detection);
  let evaluated = 0;
  const found = candidates.of(detection, ({ condition }) => {
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

  test('are decided once for the same processes, and stay in their order', () => {
    const candidates = new RulesByProcess([ofRoot, byAct, ofOthers].map(rule));
    assert.deepEqual(ask(candidates, same), { names: [byAct, ofOthers], evaluated: 2 });
    assert.deepEqual(ask(candidates, { ...same, ioUring: true }), {
      names: [byAct, ofOthers],
      evaluated: 0,
    });
  });

  test('are decided anew for another process, and for one of which more is known', () => {
    const candidates = new RulesByProcess([ofRoot, ofOthers].map(rule));
    ask(candidates, same);
    assert.deepEqual(ask(candidates, { ...same, actor: buildActor({ ...actor, uid: 0 }) }).names, [ofRoot]);
    assert.equal(ask(candidates, { ...same, actorDetails: { userName: 'alice' } }).evaluated, 2);
  });

  test('are decided anew for the same two in another relation', () => {
    const candidates = new RulesByProcess([ofChildren].map(rule));
    assert.deepEqual(ask(candidates, same).names, []);
    assert.deepEqual(ask(candidates, { ...same, targetIsDescendant: true }).names, [ofChildren]);
    assert.deepEqual(ask(candidates, same), { names: [], evaluated: 0 });
  });

  test('keep a rule that asks for anything of the act', () => {
    const conditions = ['flags == "O_RDONLY"', 'actor.ancestors.exists(name, name == "sh")', 'severity > 2'];
    for (const condition of conditions) assert.equal(compileCondition(condition).aboutProcesses, false);
    for (const condition of [ofOthers, ofChildren])
      assert.equal(compileCondition(condition).aboutProcesses, true);
  });
});
