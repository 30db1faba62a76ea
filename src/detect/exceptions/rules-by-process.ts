import type { Actor, ProcessIdentity } from '../../capture/event.ts';
import { type Canonical, canonical, IdentityCache } from '../../capture/identity.ts';
import type { EnrichedEvent, ProcessDetails } from '../../enrich/event.ts';
import type { Detection } from '../detection.ts';
import type { ExceptionRule } from './rule.ts';

type RulesByEvent = Map<string, readonly ExceptionRule[]>;

/** Cached result for a process, and the details that it depends on. */
interface Decided<T> {
  readonly details: ProcessDetails;
  readonly decided: T;
}

/** Indexed by the relation of actor and target: see relationOf. */
type RulesByRelation = RulesByEvent[];

type ByProcess<P extends object, T> = IdentityCache<Canonical<P>, Decided<T>>;

/** Key of the cache for events without a target. */
const NOBODY = canonical({});

/**
 * Selects the rules that can match, in their order. A condition about the two processes alone is evaluated once per pair of
 * processes and its result is cached, so that a storm costs the evaluation of few rules and not of all.
 */
export class RulesByProcess {
  readonly #rules: readonly ExceptionRule[];
  readonly #byEvent: RulesByEvent = new Map();
  readonly #byActor: ByProcess<Actor, ByProcess<ProcessIdentity | typeof NOBODY, RulesByRelation>> =
    new IdentityCache();

  constructor(rules: readonly ExceptionRule[]) {
    this.#rules = rules;
  }

  /** The rules that can match a detection. @param meets evaluates the condition of one rule */
  of({ definition, event }: Detection, meets: (rule: ExceptionRule) => boolean): readonly ExceptionRule[] {
    const { eventName } = definition;
    const about = this.#about(eventName);
    if (about.length === 0) return about;
    return remembered(this.#between(event), eventName, () =>
      about.filter(rule => !rule.condition.aboutProcesses || meets(rule)),
    );
  }

  /** The rules that apply to an event. */
  #about(event: string): readonly ExceptionRule[] {
    return remembered(this.#byEvent, event, () =>
      this.#rules.filter(({ events }) => events === undefined || events.has(event)),
    );
  }

  #between(event: EnrichedEvent): RulesByEvent {
    const { actor, actorDetails, target, targetDetails } = event;
    const byTarget = ofProcess(this.#byActor, actor, actorDetails, () => new IdentityCache());
    const byRelation = ofProcess(byTarget, target ?? NOBODY, targetDetails, () => []);
    const relation = relationOf(event);
    const known = byRelation[relation];
    if (known !== undefined) return known;
    const rules: RulesByEvent = new Map();
    byRelation[relation] = rules;
    return rules;
  }
}

/** The relation variables of a condition as one number: they can change while the two processes stay the same. */
function relationOf({ selfAccess, targetIsDescendant, crossContainer }: EnrichedEvent): number {
  return (selfAccess ? 1 : 0) | (targetIsDescendant ? 2 : 0) | (crossContainer ? 4 : 0);
}

function ofProcess<P extends object, T>(
  memory: ByProcess<P, T>,
  identity: Canonical<P>,
  details: ProcessDetails,
  make: () => T,
): T {
  let known = memory.get(identity);
  if (known?.details !== details) {
    known = { details, decided: make() };
    memory.set(identity, known);
  }
  return known.decided;
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
