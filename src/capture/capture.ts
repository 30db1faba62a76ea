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

/** Longest time between two readings of the ring buffer when no wake-up comes, ms. */
const WAIT_MILLIS = 1_000;
/** Interval at which the kernel's maps are read for repeats and for events that await a result, ns. */
const SWEEP_INTERVAL_NS = 1_000_000_000n;

/**
 * The programs in the kernel and the consumer's end of the ring buffer. Order of the calls: `resume` and `catchUp` where
 * the previous sidecar left pinned programs, then `attach`, `commit`, `start`, `stop`.
 */
export class Capture {
  /** How much of the kernel's drop counters has been reported. */
  readonly reportedDrops: ReportedDrops;
  /** Runs of programs that the kernel skipped. */
  readonly skippedRuns = new SkippedRunsWatch(() => readSkippedRuns(this.#programs.descriptors));
  readonly #libbpf: Libbpf;
  readonly #pins: PinDirectory | undefined;
  readonly #object: BpfObject;
  readonly #control: Control;
  readonly #ring: RingBuffer;
  readonly #decoder: EventDecoder;
  readonly #programs: Programs;
  /** Events that arrived while the hooks were being proven; handed over by `start`. */
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
   * Creates the maps, or takes over those of the previous sidecar.
   * @throws MemwardenError CAPTURE_UNAVAILABLE when the kernel refuses, with a hint; CAPTURE_OBJECT_INVALID; CONFIG_INVALID
   */
  constructor(options: CaptureOptions) {
    assertBtf(options.btfPath);
    this.#libbpf = loadLibbpf();
    this.#pins = options.pinPath === undefined ? undefined : openPins(options.pinPath);
    this.#object = openObject(this.#libbpf, options, this.#pins);
    const fdOf = (name: string) => this.#object.mapFd(name);
    this.#control = new Control(this.#libbpf, fdOf('control'));
    if (!this.#object.isInherited) this.#control.change({ createdNs: bootTimeNs() });
    // the previous sidecar has ended, and its pid may belong to another process by now
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

  /** Hook per capability of the previous sidecar; undefined when it left nothing. */
  get inheritedHooks(): ReadonlyMap<string, HookName> | undefined {
    return this.#object.isInherited ? this.#programs.inheritedHooks : undefined;
  }

  /** How the hook of each capability was selected. */
  get reports(): readonly CapabilityReport[] {
    return this.#programs.reports;
  }

  /** Hook per capability, for those that have one. */
  get hooks(): ReadonlyMap<string, HookName> {
    return hooksOf(this.reports);
  }

  /** Records that could not be decoded, since another version wrote them. */
  get unknownRecords(): bigint {
    return this.#unknownRecords;
  }

  /** Continues where the previous sidecar ended. @param checkpoint what it saved from its calls of `onRound` */
  resume(checkpoint: Checkpoint): void {
    this.#resumePoint.resume(checkpoint);
    this.#repeats.resume(checkpoint);
  }

  /** Hands over what the kernel recorded while no sidecar ran, which also makes room for the canaries of `attach`. */
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

  /** Attaches programs, or takes over those that are active already. See Programs. */
  attach(): void {
    this.#programs.attach();
    returnFreedMemory();
  }

  /**
   * Makes the attached programs the active ones, and pins them where that is possible.
   * @returns for each other layout, the records that its programs had sent and that nobody has read, by CPU
   * @throws MemwardenError CAPTURE_UNAVAILABLE when a required capability has no hook
   */
  commit(): readonly ReadonlyMap<number, number>[] {
    this.#retirements = this.#programs.commit();
    return this.#retirements.map(({ unread }) => unread);
  }

  /** Performs, for each capability, an access that it records; the events reach the consumer like any other. */
  provokeCanary(): void {
    const { hooks } = this;
    for (const ladder of LADDERS) if (hooks.has(ladder.capability)) ladder.provoke();
  }

  /** Capabilities whose hook is proven alive by an event that this process caused. */
  provenBy(event: CapturedEvent): string[] {
    return LADDERS.filter(ladder => ladder.isProof(event)).map(({ capability }) => capability);
  }

  counters(): CpuCounters[] {
    return readCounters(this.#libbpf, this.#object.mapFd('cpu_state'));
  }

  /** Repeats that the kernel has counted and that are not reported to the consumer yet. */
  pendingRepetitions(): bigint {
    return this.#repeats.pending();
  }

  /** Hands events to the consumer until `stop`. */
  start(consumer: CaptureConsumer): void {
    this.#running = this.#run(consumer);
  }

  /** Rejects when the consumer fails; resolves after `stop`. */
  get ended(): Promise<void> {
    return this.#running;
  }

  /**
   * Hands over what is left in the ring buffer, and ends. Pinned programs keep running: what they record from now on is
   * left to the next sidecar.
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

  /** @returns number of records read */
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

  /**
   * Programs mark the events of the sidecar by the pid in `control`. Events that inherited programs recorded before this
   * process wrote its pid there carry no mark, so the actor is compared as well.
   */
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

  /** Once a second: reports events whose result is overdue, and repeats whose window is over; at the end all repeats. */
  #sweep(consumer: CaptureConsumer, visited: number): void {
    const nowNs = bootTimeNs();
    const isLast = this.#stopping && !this.#programs.pinned && visited < ROUND_RECORDS;
    if (!isLast && nowNs - this.#sweptNs < SWEEP_INTERVAL_NS) return;
    this.#sweptNs = nowNs;
    this.skippedRuns.warn(nowNs);
    for (const event of this.#awaitingResult.collect(nowNs)) consumer.onEvent(event, 'other');
    for (const event of this.#repeats.collect(isLast ? undefined : nowNs)) consumer.onEvent(event, 'other');
  }

  /** Does not release the space, which the first round does: the events of other processes are not saved yet. */
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

/** Selects a hook for every capability, reports the attempts, and leaves nothing in the kernel. */
export async function probeHooks(options: CaptureOptions): Promise<readonly CapabilityReport[]> {
  const capture = new Capture({ ...options, pinPath: undefined });
  capture.attach();
  await capture.stop();
  return capture.reports;
}
