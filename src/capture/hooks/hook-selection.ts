import type { CapturedEvent, HookName } from '../event.ts';
import { type Attachment, type BpfObject, type Knobs, RefusedError } from './bpf-object.ts';
import type { Attempt, CapabilityReport, Ladder, Rung } from './ladders/ladder.ts';

/** A ladder climbed: what stands in the kernel now, and how it came to that. */
export interface Foothold {
  readonly report: CapabilityReport;
  readonly attachments: readonly Attachment[];
}

export interface ClimbOptions {
  /** The kind of hook to use; `auto`: the best that proves alive. */
  readonly choice: HookName | 'auto';
  /** No other kind may be used when the chosen one is refused. */
  readonly insist: boolean;
  readonly knobs: Omit<Knobs, 'hook' | 'resultFollows'>;
  /** Events that this process has caused since the last call, in order. */
  readonly ownEvents: () => readonly CapturedEvent[];
}

export const RESULT_UNKNOWN = 'the outcome is unknown';

/**
 * Takes the first hook that *delivers*: a program may load, attach and stay dead (an LSM program on a kernel whose LSM
 * list lacks bpf), so each rung is proven by an event that this process provokes.
 */
export function climb(ladder: Ladder, object: BpfObject, options: ClimbOptions): Foothold {
  return new Climb(ladder, object, options).run();
}

class Climb {
  readonly #ladder: Ladder;
  readonly #object: BpfObject;
  readonly #options: ClimbOptions;
  readonly #attempts: Attempt[] = [];

  constructor(ladder: Ladder, object: BpfObject, options: ClimbOptions) {
    this.#ladder = ladder;
    this.#object = object;
    this.#options = options;
  }

  run(): Foothold {
    const { choice, insist } = this.#options;
    const { rungs } = this.#ladder;
    const chosen = rungs.filter(({ hook }) => choice === 'auto' || choice === hook);
    const others = insist ? [] : rungs.filter(rung => !chosen.includes(rung));
    for (const rung of [...chosen, ...others]) {
      const foothold = this.#try(rung);
      if (foothold !== undefined) return foothold;
    }
    return { report: this.#report(undefined, []), attachments: [] };
  }

  #try(rung: Rung): Foothold | undefined {
    // the result's program must stand before the first event waits for it
    const result = this.#first(rung.results ?? [], rung.hook);
    const attachments = result === undefined ? [] : [result];
    const main = this.#attach(rung.programs, rung.hook, result !== undefined);
    if (main !== undefined) {
      attachments.push(main);
      if (this.#isAlive(rung)) {
        attachments.push(...this.#each(rung.optional ?? [], rung.hook));
        const form = this.#first(rung.oneOf ?? [], rung.hook);
        if (form !== undefined) attachments.push(form);
        const missing = rung.results !== undefined && result === undefined ? [RESULT_UNKNOWN] : [];
        return { report: this.#report(rung.hook, [...rung.limits, ...missing]), attachments };
      }
    }
    for (const attachment of attachments) attachment.detach();
    return undefined;
  }

  #isAlive({ hook, programs }: Rung): boolean {
    this.#options.ownEvents();
    this.#ladder.provoke();
    const alive = this.#options.ownEvents().some(event => event.hook === hook && this.#ladder.isProof(event));
    this.#attempts.push({
      hook,
      program: programs.join('+'),
      outcome: alive ? 'alive' : 'silent',
      reason: alive ? 'saw its canary' : 'loaded and attached, but did not see its canary',
    });
    return alive;
  }

  /** Those that attach: all at once where they do, since every load costs a walk through the kernel's types. */
  #each(programs: readonly string[], hook: HookName): Attachment[] {
    if (programs.length === 0) return [];
    const all = this.#attach(programs, hook, false);
    if (all !== undefined) return [all];
    if (programs.length === 1) return [];
    return programs.flatMap(program => this.#attach([program], hook, false) ?? []);
  }

  #first(programs: readonly string[], hook: HookName): Attachment | undefined {
    for (const program of programs) {
      const attachment = this.#attach([program], hook, false);
      if (attachment !== undefined) return attachment;
    }
    return undefined;
  }

  #attach(programs: readonly string[], hook: HookName, resultFollows: boolean): Attachment | undefined {
    const program = programs.join('+');
    // rungs share programs, and the kernel does not change its mind
    if (this.#attempts.some(known => known.program === program && known.outcome === 'refused'))
      return undefined;
    try {
      return this.#object.attach(programs, { ...this.#options.knobs, hook, resultFollows });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#attempts.push({ hook, program, outcome: 'refused', reason: error.message });
      return undefined;
    }
  }

  #report(hook: HookName | undefined, limits: readonly string[]): CapabilityReport {
    return { capability: this.#ladder.capability, hook, attempts: this.#attempts, limits };
  }
}
