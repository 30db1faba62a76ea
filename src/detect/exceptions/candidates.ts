import type { ExceptionRule } from './rule.ts';
import type { Bindings } from './variables.ts';

type RulesByEvent = Map<string, readonly ExceptionRule[]>;

/**
 * Narrows rules down, in their order, to those that can match: what a rule says of the processes alone is decided once
 * for as long as these are the same, so that a storm pays for the rules it could meet and not for all there are.
 */
export class Candidates {
  readonly #rules: readonly ExceptionRule[];
  readonly #byEvent: RulesByEvent = new Map();
  readonly #byProcesses = new WeakMap<object, WeakMap<object, RulesByEvent>>();

  constructor(rules: readonly ExceptionRule[]) {
    this.#rules = rules;
  }

  /** The rules that are about an event. */
  about(event: string): readonly ExceptionRule[] {
    return remembered(this.#byEvent, event, () =>
      this.#rules.filter(({ events }) => events === undefined || events.has(event)),
    );
  }

  /** Of those the ones that can match; `meets` decides for one rule. */
  between(
    { event, actor, target }: Bindings,
    meets: (rule: ExceptionRule) => boolean,
  ): readonly ExceptionRule[] {
    const byTarget = remembered(this.#byProcesses, actor, () => new WeakMap<object, RulesByEvent>());
    const byEvent = remembered(byTarget, target, (): RulesByEvent => new Map());
    return remembered(byEvent, event, () =>
      this.about(event).filter(rule => !rule.condition.aboutProcesses || meets(rule)),
    );
  }
}

function remembered<K, V>(
  memory: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  let value = memory.get(key);
  if (value === undefined) {
    value = make();
    memory.set(key, value);
  }
  return value;
}
