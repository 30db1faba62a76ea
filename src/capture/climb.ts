import { type Attachment, type BpfObject, type Knobs, RefusedError } from './bpf-object.ts';
import type { CapturedEvent, HookName } from './event.ts';
import type { Attempt, CapabilityReport, Ladder, Rung } from './ladder.ts';

/** A ladder climbed: what stands in the kernel now, and how it came to that. */
export interface Foothold {
  readonly report: CapabilityReport;
  readonly attachments: readonly Attachment[];
}

export interface ClimbOptions {
  /** Only this kind of hook may be used; `auto`: the best that proves alive. */
  readonly choice: HookName | 'auto';
  readonly knobs: Omit<Knobs, 'hook' | 'resultFollows'>;
  /** Events that this process has caused since the last call, in order. */
  readonly ownEvents: () => readonly CapturedEvent[];
}

/**
 * Takes the first hook that *delivers*: a program may load, attach and stay dead (an LSM program on a kernel whose LSM
 * list lacks bpf), so each is proven by an event that this process provokes.
 */
export function climb(ladder: Ladder, object: BpfObject, options: ClimbOptions): Foothold {
  const attempts: Attempt[] = [];
  for (const rung of ladder.rungs) {
    if (options.choice !== 'auto' && options.choice !== rung.hook) continue;
    const foothold = tryRung(ladder, rung, object, options, attempts);
    if (foothold !== undefined) return foothold;
  }
  return {
    report: { capability: ladder.capability, hook: undefined, attempts, limits: [] },
    attachments: [],
  };
}

function tryRung(
  ladder: Ladder,
  rung: Rung,
  object: BpfObject,
  options: ClimbOptions,
  attempts: Attempt[],
): Foothold | undefined {
  const { hook, program } = rung;
  const knobs = { ...options.knobs, hook, resultFollows: false };
  // the result must be awaited by an attached program before the first event waits for it
  const companions = rung.companions.map(names => firstAttached(object, names, { ...knobs }, hook, attempts));
  const complete = companions.length > 0 && companions.every(companion => companion !== undefined);
  const attachments = companions.filter(companion => companion !== undefined);

  const main = attach(object, program, { ...knobs, resultFollows: complete }, hook, attempts);
  if (main !== undefined) {
    options.ownEvents();
    ladder.provoke();
    if (options.ownEvents().some(event => event.hook === hook && ladder.isProof(event))) {
      attempts.push({ hook, program, outcome: 'alive', reason: 'saw its canary' });
      const limits = complete || rung.companions.length === 0 ? [] : [ladder.limitWithoutCompanions];
      return {
        report: { capability: ladder.capability, hook, attempts, limits: [...rung.limits, ...limits] },
        attachments: [main, ...attachments],
      };
    }
    attempts.push({
      hook,
      program,
      outcome: 'silent',
      reason: 'loaded and attached, but did not see its canary',
    });
    main.detach();
  }
  for (const attachment of attachments) attachment.detach();
  return undefined;
}

function firstAttached(
  object: BpfObject,
  programs: readonly string[],
  knobs: Knobs,
  hook: HookName,
  attempts: Attempt[],
): Attachment | undefined {
  for (const program of programs) {
    const attachment = attach(object, program, knobs, hook, attempts);
    if (attachment !== undefined) return attachment;
  }
  return undefined;
}

function attach(
  object: BpfObject,
  program: string,
  knobs: Knobs,
  hook: HookName,
  attempts: Attempt[],
): Attachment | undefined {
  // rungs share companions, and the kernel does not change its mind
  if (attempts.some(attempt => attempt.program === program && attempt.outcome === 'refused'))
    return undefined;
  try {
    return object.attach(program, knobs);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    attempts.push({ hook, program, outcome: 'refused', reason: error.message });
    return undefined;
  }
}
