import { diag } from '@opentelemetry/api';
import type { Attachment, BpfObject } from './bpf-object.ts';
import { climb } from './climb.ts';
import { type CpuCounters, readCounters } from './counters.ts';
import { EventDecoder } from './decoder.ts';
import type { CapturedEvent, HookName } from './event.ts';
import { LADDERS, laddersFor } from './ladders/index.ts';
import type { CapabilityReport } from './ladders/ladder.ts';
import { type Libbpf, loadLibbpf } from './libbpf.ts';
import { bootTimeNs, Poller, WakeUp } from './libc.ts';
import { type CaptureOptions, hookChoices } from './options.ts';
import { installRawFilter } from './raw-filter.ts';
import { Repeats } from './repeats.ts';
import { assertBtf, openObject, unavailable } from './requirements.ts';
import { RingBuffer } from './ring-buffer.ts';
import { createSelfTest } from './self.ts';
import { ToldDrops } from './told.ts';
import { UnfinishedEvents } from './unfinished.ts';

const log = diag.createComponentLogger({ namespace: 'capture' });

/** Records decoded before the event loop gets a turn. */
const ROUND_RECORDS = 2_048;
/** Longest time between two looks at the ring buffer when no wake-up comes, ms. */
const WAIT_MILLIS = 1_000;
/** How often the kernel is asked for what it has counted or holds back, ns. */
const SWEEP_INTERVAL_NS = 1_000_000_000n;

/** What the capture calls, in this order, for every round of the ring buffer. */
export interface CaptureConsumer {
  onEvent(event: CapturedEvent): void;
  /**
   * All events of the round have been given. The kernel gets their space back when this returns or resolves.
   * @param drained the ring buffer has been read to its end
   */
  onRound(drained: boolean): void | Promise<void>;
}

/** The programs in the kernel and our end of the ring buffer. */
export class Capture {
  readonly reports: readonly CapabilityReport[];
  /** How much of the kernel's drop counters has been told. */
  readonly told: ToldDrops;
  readonly #libbpf: Libbpf;
  readonly #object: BpfObject;
  readonly #ring: RingBuffer;
  readonly #decoder: EventDecoder;
  readonly #attachments: Attachment[] = [];
  readonly #isSelf = createSelfTest();
  /** Events of others that came while the hooks were being proven. */
  readonly #early: CapturedEvent[] = [];
  readonly #wakeUp = new WakeUp();
  readonly #unfinished: UnfinishedEvents;
  readonly #repeats: Repeats | undefined;
  #sweptNs = 0n;
  #ownTgid = 0;
  #unknownRecords = 0n;
  #stopping = false;
  #running: Promise<void> = Promise.resolve();

  /**
   * Loads the maps and takes, per capability, the first hook that proves alive.
   * @throws MemwardenError CAPTURE_UNAVAILABLE when the kernel refuses, with what to do; CAPTURE_OBJECT_INVALID; CONFIG_INVALID
   */
  constructor(options: CaptureOptions) {
    const choices = hookChoices(options);
    assertBtf(options.btfPath);
    this.#libbpf = loadLibbpf();
    this.#object = openObject(this.#libbpf, options);
    this.#ring = new RingBuffer(this.#object.mapFd('ring'), options.ringBufferBytes);
    this.#decoder = new EventDecoder(this.#ring.memory);
    this.told = new ToldDrops(this.#libbpf, this.#object.mapFd('told'));
    this.#unfinished = new UnfinishedEvents(this.#libbpf, this.#object.mapFd('scratch'));
    const { rawFilter } = options;
    if (rawFilter) installRawFilter(this.#libbpf, rawFilter, name => this.#object.mapFd(name));
    this.reports = laddersFor(options.kinds).map(ladder => {
      const { report, attachments } = climb(ladder, this.#object, {
        choice: choices.get(ladder.capability) ?? 'auto',
        // a kind that was chosen for all is a wish where the capability is not what the start depends on
        insist: ladder.required || ladder.capability in options.hooks,
        knobs: {
          rawOpen: rawFilter !== undefined,
          rawUnfiltered: rawFilter?.allowUnfiltered ?? false,
          rawByName: (rawFilter?.names.length ?? 0) > 0,
          rawBySuffix: (rawFilter?.suffixes.length ?? 0) > 0,
          rawByDirectory: (rawFilter?.prefixes.length ?? 0) > 0,
        },
        ownEvents: () => this.#takeOwnEvents(),
      });
      this.#attachments.push(...attachments);
      logAttempts(report);
      return report;
    });
    // only now: every canary of the climb had to arrive
    if (options.repeatWindowMillis) {
      const maps = {
        repeats: this.#object.mapFd('repeats'),
        settings: this.#object.mapFd('repeat_settings'),
      };
      this.#repeats = new Repeats(this.#libbpf, maps, options.repeatWindowMillis, this.#ownTgid);
    }
  }

  /** Hook per capability, for those that have one. */
  get hooks(): ReadonlyMap<string, HookName> {
    const hooks = new Map<string, HookName>();
    for (const { capability, hook } of this.reports) if (hook !== undefined) hooks.set(capability, hook);
    return hooks;
  }

  /** Records of another version's layout, which could not be decoded. */
  get unknownRecords(): bigint {
    return this.#unknownRecords;
  }

  /** @throws MemwardenError CAPTURE_UNAVAILABLE when a capability without which there is no start has no hook */
  assertUsable(): void {
    for (const { capability, required } of LADDERS) {
      const report = this.reports.find(known => known.capability === capability);
      if (required && report?.hook === undefined && report !== undefined) throw unavailable(report);
    }
  }

  /** Whether the event is this process's own doing, for example a canary. */
  isOwn(event: CapturedEvent): boolean {
    return this.#isSelf(event.actor);
  }

  /** Does what each capability sees; the events come to the consumer like any other. */
  provokeCanary(): void {
    for (const ladder of LADDERS) if (this.hooks.has(ladder.capability)) ladder.provoke();
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
    return this.#repeats?.pending() ?? 0n;
  }

  /** Hands events to the consumer until `stop`. */
  start(consumer: CaptureConsumer): void {
    this.#running = this.#run(consumer);
  }

  /** Resolves with the failure of the consumer, or when `stop` was called. */
  get ended(): Promise<void> {
    return this.#running;
  }

  /** Detaches every program, hands over what is left in the ring buffer, and frees it. */
  async stop(): Promise<void> {
    for (const attachment of this.#attachments.splice(0)) attachment.detach();
    this.#stopping = true;
    this.#wakeUp.fire();
    try {
      await this.#running;
    } finally {
      this.#wakeUp.close();
      this.#ring.close();
      this.#object.close();
    }
  }

  async #run(consumer: CaptureConsumer): Promise<void> {
    const poller = new Poller([this.#object.mapFd('ring'), this.#wakeUp.fd]);
    try {
      for (const event of this.#early.splice(0)) consumer.onEvent(event);
      for (;;) {
        const visited = this.#ring.read(ROUND_RECORDS, (offset, length) => {
          const event = this.#decode(offset, length);
          if (event === undefined) return;
          this.#repeats?.remember(event);
          consumer.onEvent(event);
        });
        this.#sweep(consumer, visited);
        await consumer.onRound(visited < ROUND_RECORDS);
        this.#ring.release();
        if (visited === ROUND_RECORDS) await new Promise(resolve => setImmediate(resolve));
        else if (this.#stopping) return;
        else await poller.wait(WAIT_MILLIS);
      }
    } finally {
      poller.close();
    }
  }

  #decode(offset: number, length: number): CapturedEvent | undefined {
    const event = this.#decoder.decode(offset, length);
    if (event === undefined) this.#unknownRecords += 1n;
    return event;
  }

  /** Once a second what the kernel holds back and is due, and all repetitions at the end. */
  #sweep(consumer: CaptureConsumer, visited: number): void {
    const nowNs = bootTimeNs();
    const isLast = this.#stopping && visited < ROUND_RECORDS;
    if (!isLast && nowNs - this.#sweptNs < SWEEP_INTERVAL_NS) return;
    this.#sweptNs = nowNs;
    for (const event of this.#unfinished.collect(nowNs)) consumer.onEvent(event);
    for (const event of this.#repeats?.collect(isLast ? undefined : nowNs) ?? []) consumer.onEvent(event);
  }

  #takeOwnEvents(): CapturedEvent[] {
    const own: CapturedEvent[] = [];
    this.#ring.read(Number.POSITIVE_INFINITY, (offset, length) => {
      const event = this.#decode(offset, length);
      if (event === undefined) return;
      if (this.isOwn(event)) {
        own.push(event);
        this.#ownTgid = event.actor.tgid;
      } else {
        this.#early.push(event);
      }
    });
    this.#ring.release();
    return own;
  }
}

/** Climbs every ladder, reports, and leaves nothing in the kernel. */
export async function probeHooks(options: CaptureOptions): Promise<readonly CapabilityReport[]> {
  const capture = new Capture(options);
  await capture.stop();
  return capture.reports;
}

/** One line per capability: the hook it got, and what was tried before with the reason of each. */
function logAttempts({ capability, hook, attempts }: CapabilityReport): void {
  const failed = attempts.filter(({ outcome }) => outcome !== 'alive');
  const tried = failed.map(({ program, outcome, reason }) => `${program} ${outcome} (${reason})`).join(', ');
  if (hook === undefined) log.warn(`${capability}: no hook of this kernel could be used: ${tried}`);
  else log.info(`${capability}: ${hook}${tried === '' ? '' : `; before it ${tried}`}`);
}
