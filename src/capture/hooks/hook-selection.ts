import type { CapturedEvent, HookName } from '../event.ts';
import { type Attachment, type BpfObject, type Knobs, RefusedError } from './bpf-object.ts';
import type { Attempt, CapabilityReport, Ladder, LadderStep } from './ladders/ladder.ts';

/** Result of a selection: what is attached now, and the attempts that led to it. */
export interface SelectedHook {
  readonly report: CapabilityReport;
  readonly attachments: readonly Attachment[];
}

export interface HookSelectionOptions {
  /** The kind of hook to use; `auto`: the best that proves alive. */
  readonly choice: HookName | 'auto';
  /** No other kind may be used when the chosen one fails. */
  readonly exclusive: boolean;
  readonly knobs: Omit<Knobs, 'hook' | 'resultFollows'>;
  /** Events that this process has caused since the last call, in order. */
  readonly ownEvents: () => readonly CapturedEvent[];
}

export const RESULT_UNKNOWN = 'the outcome is unknown';

/**
 * Selects the first hook that delivers events. A program may load and attach and yet never be called (an LSM program on a
 * kernel whose LSM list lacks bpf), so each step has to report an access that this process makes: its canary.
 */
export function selectHook(ladder: Ladder, object: BpfObject, options: HookSelectionOptions): SelectedHook {
  return new HookSelection(ladder, object, options).run();
}

class HookSelection {
  readonly #ladder: Ladder;
  readonly #object: BpfObject;
  readonly #options: HookSelectionOptions;
  readonly #attempts: Attempt[] = [];

  constructor(ladder: Ladder, object: BpfObject, options: HookSelectionOptions) {
    this.#ladder = ladder;
    this.#object = object;
    this.#options = options;
  }

  run(): SelectedHook {
    const { choice, exclusive } = this.#options;
    const { steps } = this.#ladder;
    const chosen = steps.filter(({ hook }) => choice === 'auto' || choice === hook);
    const others = exclusive ? [] : steps.filter(step => !chosen.includes(step));
    for (const step of [...chosen, ...others]) {
      const selected = this.#try(step);
      if (selected !== undefined) return selected;
    }
    return { report: this.#report(undefined, []), attachments: [] };
  }

  #try(step: LadderStep): SelectedHook | undefined {
    // attached first: an event recorded without it would wait for a result that never comes
    const result = this.#first(step.results ?? [], step.hook);
    const attachments = result === undefined ? [] : [result];
    const main = this.#attach(step.programs, step.hook, result !== undefined);
    if (main !== undefined) {
      attachments.push(main);
      if (this.#isAlive(step)) {
        attachments.push(...this.#each(step.optional ?? [], step.hook));
        const form = this.#first(step.oneOf ?? [], step.hook);
        if (form !== undefined) attachments.push(form);
        const missing = step.results !== undefined && result === undefined ? [RESULT_UNKNOWN] : [];
        return { report: this.#report(step.hook, [...step.limits, ...missing]), attachments };
      }
    }
    for (const attachment of attachments) attachment.detach();
    return undefined;
  }

  #isAlive({ hook, programs }: LadderStep): boolean {
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

  /** Attaches what can be attached. Tries all at once first, since every load costs a search of the kernel's types. */
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
    // steps share programs, and a program that was refused once is refused again
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
