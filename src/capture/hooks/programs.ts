import { diag } from '@opentelemetry/api';
import type { Libbpf } from '../../native/libbpf.ts';
import { closeDescriptor } from '../../native/libc.ts';
import type { CapturedEvent, HookName } from '../event.ts';
import type { Control } from '../maps/control.ts';
import { type CaptureOptions, type HookChoice, hookChoices } from '../options.ts';
import { fingerprintOf } from '../pinning/fingerprint.ts';
import type { PinDirectory, PinnedPrograms } from '../pinning/pin-directory.ts';
import { hooksOf, openPinnedPrograms, pinHook, pinnedReports } from '../pinning/pinned-hooks.ts';
import { PinningUnavailable } from '../pinning/pinning-unavailable.ts';
import { type Retirement, retire } from '../pinning/predecessor.ts';
import type { BpfObject, Knobs } from './bpf-object.ts';
import { type SelectedHook, selectHook } from './hook-selection.ts';
import { LADDERS, laddersFor } from './ladders/index.ts';
import type { CapabilityReport, Ladder } from './ladders/ladder.ts';
import { unavailable } from './requirements.ts';
import type { ProgramDescriptor } from './skipped-runs.ts';

const log = diag.createComponentLogger({ namespace: 'capture' });

const NS_PER_MILLI = 1_000_000n;

/** What the programs are attached with. */
export interface ProgramsContext {
  readonly libbpf: Libbpf;
  readonly object: BpfObject;
  readonly control: Control;
  /** Undefined: the programs end with this process. */
  readonly pins: PinDirectory | undefined;
  readonly options: CaptureOptions;
  /** Events that this process has caused since the last call, in order. */
  readonly ownEvents: () => readonly CapturedEvent[];
}

/**
 * The programs in the kernel: attached by this process, or taken over from the previous sidecar. The map `control` says
 * which generation of programs is active. Where active programs differ from what this start would choose, new ones are
 * attached beside them as the next generation, are proven on accesses of this process alone, and become active by one
 * write to `control`.
 */
export class Programs {
  readonly #context: ProgramsContext;
  readonly #ladders: readonly Ladder[];
  readonly #choices: ReadonlyMap<string, HookChoice>;
  /** The pinned programs that are active when this process starts. */
  readonly #current: PinnedPrograms | undefined;
  /** Their hook per capability, read from the names of their pins. */
  readonly #inherited: readonly CapabilityReport[];
  #selected: readonly SelectedHook[] = [];
  #descriptors: readonly ProgramDescriptor[] = [];
  /** Undefined where nothing is pinned. */
  readonly #fingerprint: string | undefined;
  #generation: number;
  #pinned = false;

  /** @throws MemwardenError CONFIG_INVALID */
  constructor(context: ProgramsContext) {
    const { pins, object, control, options } = context;
    this.#context = context;
    this.#choices = hookChoices(options);
    this.#ladders = laddersFor(options.kinds);
    this.#fingerprint = pins && fingerprintOf(options);
    this.#generation = control.state.active;
    pins?.removePending();
    const known = pins?.programs.filter(({ layout }) => layout === object.layout) ?? [];
    this.#current = known.find(({ generation }) => generation === control.state.active);
    // left by a start that was interrupted before they became active, or after the next generation did
    for (const other of known) if (other !== this.#current) pins?.removePrograms(other);
    this.#inherited = this.#current ? pinnedReports(this.#current.path, this.#ladders) : [];
  }

  /** Hook per capability of the programs that were active before this process. */
  get inheritedHooks(): ReadonlyMap<string, HookName> {
    return hooksOf(this.#inherited);
  }

  get reports(): readonly CapabilityReport[] {
    return this.#selected.map(({ report }) => report);
  }

  /** Descriptors of the programs that were attached or taken over; empty after `stop`. */
  get descriptors(): readonly ProgramDescriptor[] {
    return this.#descriptors;
  }

  /** Takes over the active programs, or selects a hook for every capability. */
  attach(): void {
    const { control, libbpf, options, ownEvents } = this.#context;
    // without a short cut: any canary's event also gives this process its pid in the initial namespace (ownTgid)
    const alive = this.#inherited.map(report => this.#isAlive(report));
    if (this.#current && this.#current.fingerprint === this.#fingerprint && alive.every(Boolean)) {
      this.#selected = this.#inherited.map(report => ({ report, attachments: [] }));
      this.#descriptors = openPinnedPrograms(libbpf, this.#current.path, this.#inherited);
      for (const { capability, hook } of this.#inherited)
        if (hook) log.info(`${capability}: ${hook}, taken over`);
      return;
    }
    this.#generation += 1;
    // no ownTgid: no active program has recorded an event of this process, so none works
    const handsOver = control.state.ownTgid !== 0;
    if (handsOver) control.change({ proving: this.#generation });
    else control.change({ active: this.#generation, windowNs: 0n });
    this.#selected = this.#ladders.map(ladder => {
      const selected = selectHook(ladder, this.#context.object, {
        choice: this.#choices.get(ladder.capability) ?? 'auto',
        // the kind chosen for all capabilities is only a preference for those that are not required
        exclusive: ladder.required || ladder.capability in options.hooks,
        knobs: this.#knobs(),
        ownEvents,
      });
      logAttempts(selected.report);
      return selected;
    });
    this.#descriptors = this.#selected.flatMap(({ report: { capability }, attachments }) =>
      attachments.flatMap(({ descriptors }) =>
        Array.from(descriptors, ([program, fd]) => ({ capability, program, fd })),
      ),
    );
  }

  /**
   * Makes the programs active: pins them, and removes those that were active before.
   * @returns what became of the programs of versions with another layout
   * @throws MemwardenError CAPTURE_UNAVAILABLE when a required capability has no hook
   */
  commit(): readonly Retirement[] {
    const { control, pins, options, libbpf, object } = this.#context;
    for (const { capability, required } of LADDERS) {
      const report = this.reports.find(known => known.capability === capability);
      if (required && report?.hook === undefined && report !== undefined) throw unavailable(report);
    }
    if (pins !== undefined && this.#fingerprint !== undefined)
      this.#pinned = this.#takesOver || this.#pin(pins, this.#fingerprint);
    control.change({
      active: this.#generation,
      proving: 0,
      windowNs: BigInt(options.repeatWindowMillis ?? 0) * NS_PER_MILLI,
    });
    if (pins === undefined) return [];
    if (this.#current !== undefined && !this.#takesOver) pins.removePrograms(this.#current);
    if (!this.#pinned && object.isInherited) pins.removeMaps(object.layout);
    const others = pins.layouts.filter(layout => layout !== object.layout);
    return others.map(layout => retire(libbpf, pins, layout));
  }

  /** Lets pinned programs run, and detaches others. */
  stop(): void {
    for (const { attachments } of this.#selected) {
      for (const attachment of attachments) {
        if (this.#pinned) attachment.leave();
        else attachment.detach();
      }
    }
    if (this.#takesOver) for (const { fd } of this.#descriptors) closeDescriptor(fd);
    this.#descriptors = [];
    if (!this.#pinned) this.#context.control.change({ proving: 0 });
  }

  get pinned(): boolean {
    return this.#pinned;
  }

  get #takesOver(): boolean {
    return this.#generation === this.#current?.generation;
  }

  #isAlive({ capability, hook }: CapabilityReport): boolean {
    const ladder = this.#ladders.find(known => known.capability === capability);
    if (hook === undefined || ladder === undefined) return true;
    ladder.provoke();
    return this.#context.ownEvents().some(event => event.hook === hook && ladder.isProof(event));
  }

  #pin(pins: PinDirectory, fingerprint: string): boolean {
    const { object } = this.#context;
    try {
      if (!object.isInherited) object.pinMaps(pins);
      const name = { layout: object.layout, generation: this.#generation, fingerprint };
      pins.addPrograms(name, directory => {
        for (const { report, attachments } of this.#selected) {
          if (report.hook !== undefined) pinHook(directory, report, attachments);
        }
      });
      return true;
    } catch (error) {
      if (!(error instanceof PinningUnavailable)) throw error;
      log.warn(`what happens while no sidecar runs will not be seen: ${error.message}`);
      if (!object.isInherited && pins.layouts.includes(object.layout)) pins.removeMaps(object.layout);
      return false;
    }
  }

  #knobs(): Omit<Knobs, 'hook' | 'resultFollows'> {
    const { rawFilter } = this.#context.options;
    return {
      generation: this.#generation,
      rawOpen: rawFilter !== undefined,
      rawUnfiltered: rawFilter?.allowUnfiltered ?? false,
      rawByName: (rawFilter?.names.length ?? 0) > 0,
      rawBySuffix: (rawFilter?.suffixes.length ?? 0) > 0,
      rawByDirectory: (rawFilter?.prefixes.length ?? 0) > 0,
    };
  }
}

/** Logs one line per capability: its hook, and the attempts that failed with their reasons. */
function logAttempts({ capability, hook, attempts }: CapabilityReport): void {
  const failed = attempts.filter(({ outcome }) => outcome !== 'alive');
  const tried = failed.map(({ program, outcome, reason }) => `${program} ${outcome} (${reason})`).join(', ');
  if (hook === undefined) log.warn(`${capability}: no hook of this kernel could be used: ${tried}`);
  else log.info(`${capability}: ${hook}${tried === '' ? '' : `; before it ${tried}`}`);
}
