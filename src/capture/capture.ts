import { statSync } from 'node:fs';
import { diag } from '@opentelemetry/api';
import type { Checkpoint } from '../checkpoint.ts';
import { type Libbpf, loadLibbpf } from '../native/libbpf.ts';
import { bootTimeNs, Poller, returnFreedMemory, WakeUp } from '../native/libc.ts';
import type { CaptureConsumer, Round } from './consumer.ts';
import type { CapturedEvent, HookName } from './event.ts';
import type { BpfObject } from './hooks/bpf-object.ts';
import { LADDERS } from './hooks/ladders/index.ts';
import type { CapabilityReport } from './hooks/ladders/ladder.ts';
import { Programs } from './hooks/programs.ts';
import { assertBtf, openObject } from './hooks/requirements.ts';
import { readSkippedRuns, SkippedRunsWatch } from './hooks/skipped-runs.ts';
import { Control } from './maps/control.ts';
import { type CpuCounters, readCounters } from './maps/counters.ts';
import { EventsAwaitingResult } from './maps/events-awaiting-result.ts';
import { installRawFilter } from './maps/raw-filter.ts';
import { Repeats } from './maps/repeats.ts';
import { ReportedDrops } from './maps/reported-drops.ts';
import type { CaptureOptions } from './options.ts';
import { openPins } from './pinning/open-pins.ts';
import type { PinDirectory } from './pinning/pin-directory.ts';
import { hooksOf } from './pinning/pinned-hooks.ts';
import type { Retirement } from './pinning/predecessor.ts';
import { EventDecoder } from './ring/decoder.ts';
import { ResumePoint } from './ring/resume-point.ts';
import { RingBuffer } from './ring/ring-buffer.ts';

const log = diag.createComponentLogger({ namespace: 'capture' });

/** Records decoded before the event loop gets a turn. */
const ROUND_RECORDS = 2_048;
const NO_CHANGES = { position: new Map(), reportedRepeats: new Map() };

/** Longest time between two looks at the ring buffer when no wake-up comes, ms. */
const WAIT_MILLIS = 1_000;
/** How often the kernel is asked for what it has counted or holds back, ns. */
const SWEEP_INTERVAL_NS = 1_000_000_000n;

/**
 * The programs in the kernel and our end of the ring buffer. In order: `resume` and `catchUp` where a sidecar before
 * this one left something, `attach`, `commit`, `start`, `stop`.
 */
export class Capture {
  /** How much of the kernel's drop counters has been told. */
  readonly reportedDrops: ReportedDrops;
  /** What the kernel did not show to the programs. */
  readonly skippedRuns = new SkippedRunsWatch(() => readSkippedRuns(this.#programs.descriptors));
  readonly #libbpf: Libbpf;
  readonly #pins: PinDirectory | undefined;
  readonly #object: BpfObject;
  readonly #control: Control;
  readonly #ring: RingBuffer;
  readonly #decoder: EventDecoder;
  readonly #programs: Programs;
  /** What came while the hooks were being proven. */
  readonly #early: { readonly event: CapturedEvent; readonly own: boolean }[] = [];
  readonly #wakeUp = new WakeUp();
  readonly #awaitingResult: EventsAwaitingResult;
  readonly #repeats: Repeats;
  readonly #resumePoint: ResumePoint;
  #sweptNs = 0n;
  #unknownRecords = 0n;
  #retirements: readonly Retirement[] = [];
  #stopping = false;
  #running: Promise<void> = Promise.resolve();

  /**
   * Makes the maps, or takes those of the sidecar before this one.
   * @throws MemwardenError CAPTURE_UNAVAILABLE when the kernel refuses, with what to do; CAPTURE_OBJECT_INVALID; CONFIG_INVALID
   */
  constructor(options: CaptureOptions) {
    assertBtf(options.btfPath);
    this.#libbpf = loadLibbpf();
    this.#pins = options.pinPath === undefined ? undefined : openPins(options.pinPath);
    this.#object = openObject(this.#libbpf, options, this.#pins);
    const fdOf = (name: string) => this.#object.mapFd(name);
    this.#control = new Control(this.#libbpf, fdOf('control'));
    if (!this.#object.isInherited) this.#control.change({ createdNs: bootTimeNs() });
    // the process before this one has ended; another may have its number by now
    const ownPidNamespace = statSync('/proc/self/ns/pid').ino;
    this.#control.change({ ownVtgid: process.pid, ownPidNamespace, ownTgid: 0, proving: 0 });
    this.#ring = new RingBuffer(fdOf('ring'), options.ringBufferBytes);
    const { createdNs } = this.#control.state;
    this.#resumePoint = new ResumePoint(this.#ring, createdNs);
    this.#decoder = new EventDecoder(this.#ring.memory);
    this.reportedDrops = new ReportedDrops(this.#libbpf, fdOf('reported_drops'), createdNs);
    this.#awaitingResult = new EventsAwaitingResult(this.#libbpf, fdOf('scratch'));
    this.#repeats = new Repeats(this.#libbpf, fdOf('repeats'), options.repeatWindowMillis ?? 0);
    this.#programs = new Programs({
      libbpf: this.#libbpf,
      object: this.#object,
      control: this.#control,
      pins: this.#pins,
      options,
      ownEvents: () => this.#takeOwnEvents(),
    });
    if (options.rawFilter) installRawFilter(this.#libbpf, options.rawFilter, fdOf);
  }

  /** Hook per capability of the sidecar before this one; undefined when it has left nothing. */
  get inheritedHooks(): ReadonlyMap<string, HookName> | undefined {
    return this.#object.isInherited ? this.#programs.inheritedHooks : undefined;
  }

  /** How each capability came to its hook. */
  get reports(): readonly CapabilityReport[] {
    return this.#programs.reports;
  }

  /** Hook per capability, for those that have one. */
  get hooks(): ReadonlyMap<string, HookName> {
    return hooksOf(this.reports);
  }

  /** Records of another version's layout, which could not be decoded. */
  get unknownRecords(): bigint {
    return this.#unknownRecords;
  }

  /** Goes on where the sidecar before this one ended. @param checkpoint what it has kept of `onRound`'s */
  resume(checkpoint: Checkpoint): void {
    this.#resumePoint.resume(checkpoint);
    this.#repeats.resume(checkpoint);
  }

  /** Hands over what the kernel has recorded until now while no sidecar ran; makes room for the hooks to be proven. */
  async catchUp(consumer: CaptureConsumer): Promise<void> {
    const { end } = this.#ring;
    let events = 0;
    while (this.#ring.position < end) {
      const visited = await this.#round(consumer);
      if (visited === 0) break;
      events += visited;
    }
    if (events > 0) log.info(`${events} events happened while no sidecar ran`);
  }

  /** Attaches programs, or takes over those that watch already. See Programs. */
  attach(): void {
    this.#programs.attach();
    returnFreedMemory();
  }

  /**
   * Makes the attached programs the ones that watch, and leaves them to the kernel where they can be pinned.
   * @returns records that a version with another layout had sent and nobody has read, by CPU
   * @throws MemwardenError CAPTURE_UNAVAILABLE when a capability without which there is no start has no hook
   */
  commit(): readonly ReadonlyMap<number, number>[] {
    this.#retirements = this.#programs.commit();
    return this.#retirements.map(({ unread }) => unread);
  }

  /** Does what each capability sees; the events come to the consumer like any other. */
  provokeCanary(): void {
    const { hooks } = this;
    for (const ladder of LADDERS) if (hooks.has(ladder.capability)) ladder.provoke();
  }

  /** Capabilities whose hook an event of this process's own proves alive. */
  provenBy(event: CapturedEvent): string[] {
    return LADDERS.filter(ladder => ladder.isProof(event)).map(({ capability }) => capability);
  }

  counters(): CpuCounters[] {
    return readCounters(this.#libbpf, this.#object.mapFd('cpu_state'));
  }

  /** Repetitions that the kernel has counted and that the consumer has not been told of. */
  pendingRepetitions(): bigint {
    return this.#repeats.pending();
  }

  /** Hands events to the consumer until `stop`. */
  start(consumer: CaptureConsumer): void {
    this.#running = this.#run(consumer);
  }

  /** Resolves with the failure of the consumer, or when `stop` was called. */
  get ended(): Promise<void> {
    return this.#running;
  }

  /**
   * Hands over what is left in the ring buffer, and ends. Programs that are pinned go on: what they see from now on is
   * for the next start.
   */
  async stop(): Promise<void> {
    this.#programs.stop();
    this.#stopping = true;
    this.#wakeUp.fire();
    try {
      await this.#running;
    } finally {
      this.#wakeUp.close();
      this.#ring.close();
      this.#object.close();
      this.#pins?.close();
    }
  }

  async #run(consumer: CaptureConsumer): Promise<void> {
    const poller = new Poller([this.#object.mapFd('ring'), this.#wakeUp.fd]);
    try {
      for (const { event, own } of this.#early.splice(0)) this.#handOver(event, own, consumer);
      for (;;) {
        const visited = await this.#round(consumer);
        const isLast = this.#stopping && (this.#programs.pinned || visited < ROUND_RECORDS);
        if (isLast) return;
        if (visited === ROUND_RECORDS) await new Promise(resolve => setImmediate(resolve));
        else if (!this.#stopping) await poller.wait(WAIT_MILLIS);
      }
    } finally {
      poller.close();
    }
  }

  /** @returns how many records there were */
  async #round(consumer: CaptureConsumer): Promise<number> {
    const visited = this.#ring.read(ROUND_RECORDS, (offset, length) => {
      const event = this.#decode(offset, length);
      if (event !== undefined) this.#handOver(event, this.#isOwn(offset, event), consumer);
    });
    this.#sweep(consumer, visited);
    await consumer.onRound({ drained: visited < ROUND_RECORDS, ...this.#checkpoint() });
    this.#ring.release();
    return visited;
  }

  /** The kernel marks this process's events once it knows it; programs that watched before have not known it at first. */
  #isOwn(offset: number, { actor }: CapturedEvent): boolean {
    const { ownVtgid, ownPidNamespace } = this.#control.state;
    return (
      this.#decoder.isOwn(offset) || (actor.vtgid === ownVtgid && actor.pidNamespace === ownPidNamespace)
    );
  }

  #handOver(event: CapturedEvent, own: boolean, consumer: CaptureConsumer): void {
    if (own) {
      consumer.onEvent(event, 'own');
      return;
    }
    this.#repeats.remember(event);
    const reportedByOthers = this.#retirements.some(({ silencedNs }) => event.timeNs < silencedNs);
    consumer.onEvent(event, reportedByOthers ? 'reported' : 'other');
  }

  #checkpoint(): Omit<Round, 'drained'> {
    const reportedRepeats = this.#repeats.changes();
    if (!this.#programs.pinned && !this.#object.isInherited) return NO_CHANGES;
    return { position: this.#resumePoint.changes(), reportedRepeats };
  }

  #decode(offset: number, length: number): CapturedEvent | undefined {
    const event = this.#decoder.decode(offset, length);
    if (event === undefined) this.#unknownRecords += 1n;
    return event;
  }

  /** Once a second what the kernel holds back and is due, and all repetitions at the end. */
  #sweep(consumer: CaptureConsumer, visited: number): void {
    const nowNs = bootTimeNs();
    const isLast = this.#stopping && !this.#programs.pinned && visited < ROUND_RECORDS;
    if (!isLast && nowNs - this.#sweptNs < SWEEP_INTERVAL_NS) return;
    this.#sweptNs = nowNs;
    this.skippedRuns.warn(nowNs);
    for (const event of this.#awaitingResult.collect(nowNs)) consumer.onEvent(event, 'other');
    for (const event of this.#repeats.collect(isLast ? undefined : nowNs)) consumer.onEvent(event, 'other');
  }

  /** The space is given back only with the first round: what others did is not safe yet. */
  #takeOwnEvents(): CapturedEvent[] {
    const own: CapturedEvent[] = [];
    this.#ring.read(Number.POSITIVE_INFINITY, (offset, length) => {
      const event = this.#decode(offset, length);
      if (event === undefined) return;
      const isOwn = this.#isOwn(offset, event);
      this.#early.push({ event, own: isOwn });
      if (isOwn) own.push(event);
    });
    const [first] = own;
    if (first !== undefined && this.#control.state.ownTgid !== first.actor.tgid) {
      this.#control.change({ ownTgid: first.actor.tgid });
    }
    return own;
  }
}

/** Tries every ladder, reports, and leaves nothing in the kernel. */
export async function probeHooks(options: CaptureOptions): Promise<readonly CapabilityReport[]> {
  const capture = new Capture({ ...options, pinPath: undefined });
  capture.attach();
  await capture.stop();
  return capture.reports;
}
