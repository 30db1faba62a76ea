/**
 * The cost of opens and other system calls under one kind of hook: without a program, with an empty one, with memwarden, and
 * with sensors that report every open. Runs on a host or in a guest; prints its measurements as one line of JSON.
 *
 *   node test/bench/host-measure.ts HOOK SUBJECT,… ROUNDS SLICES MILLIS CALLS-PROGRAM BASELINE-OBJECT FILE DIRECTORY
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { RingBuffer } from '../../src/capture/ring/ring-buffer.ts';
import { loadSettings } from '../../src/config/index.ts';
import { type Libbpf, loadLibbpf, type Pointer } from '../../src/native/libbpf.ts';
import { Poller } from '../../src/native/libc.ts';
import { startService } from '../../src/service/run.ts';
import { Child } from './child.ts';
import { type ProgramTime, programTimes } from './program-times.ts';
import { median } from './statistics.ts';

export const WORKLOADS = ['open', 'procfs', 'hit', 'getppid', 'walk'] as const;
export type Workload = (typeof WORKLOADS)[number];
export const SUBJECTS = ['none', 'empty', 'memwarden', 'ship', 'bpftrace', 'bpftraceFilter'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** One subject under one workload in one round: medians of its slices. */
export interface HostMeasurement {
  readonly hook: string;
  readonly round: number;
  readonly subject: Subject;
  readonly workload: Workload;
  /** Time of one call as its caller sees it, ns. */
  readonly callNanoseconds: number;
  /** Of all programs of the subject together, in one call, by the kernel's account, ns. */
  readonly programNanoseconds: number;
  /** Runs of programs in one call. */
  readonly runs: number;
}

const STATISTICS = '/proc/sys/kernel/bpf_stats_enabled';
const RING_BYTES = 8 * 1024 * 1024;

const [hook = '', subjects = '', ...rest] = process.argv.slice(2);
const [rounds = '', slices = '', millis = '', calls = '', baseline = '', file = '', directory = ''] = rest;
const RESULT_PROGRAM: Readonly<Record<string, string>> = {
  lsm: 'empty_fexit',
  fentry: 'empty_fexit',
  kprobe: 'empty_kretprobe',
};

interface Running {
  stop(): Promise<unknown>;
}

const ONE_LINER = 'printf("%d %s %s\\n", pid, comm, str(args->filename));';
const OPENS = 'tracepoint:syscalls:sys_enter_openat';

const STARTS: Readonly<Record<Subject, () => Promise<Running>>> = {
  none: async () => ({ stop: async () => undefined }),
  // beside the program of the hook one for the outcome, as memwarden has: the floor of both
  empty: async () => attach([`empty_${hook}`, RESULT_PROGRAM[hook]].filter(name => name !== undefined)),
  ship: async () => attach([`ship_${hook}`]),
  memwarden: () =>
    startService(
      loadSettings({
        env: {
          OTEL_LOGS_EXPORTER: 'none',
          MEMWARDEN_CAPTURE_PIN: 'false',
          MEMWARDEN_HEALTH_ENABLED: 'false',
          MEMWARDEN_CAPTURE_HOOK: hook,
          MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '0',
        },
      }),
    ),
  bpftrace: () => bpftrace(`${OPENS} { ${ONE_LINER} }`),
  bpftraceFilter: () =>
    bpftrace(`${OPENS} /strncmp("/proc/", str(args->filename), 6) == 0/ { ${ONE_LINER} }`),
};

/** How often a file is opened until bpftrace reports it. */
const PROVOKE_MILLIS = 50;

/**
 * Runs a bpftrace one-liner and reads its output. Resolves at the first report of an open: bpftrace does not say when it is
 * ready.
 */
async function bpftrace(script: string): Promise<Running> {
  const child = spawn('bpftrace', ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const provoking = setInterval(() => readFileSync('/proc/self/status'), PROVOKE_MILLIS);
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('exit', code => reject(new Error(`bpftrace ended with ${code} before it reported an open`)));
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('/proc/self/status')) resolve();
      });
    });
  } finally {
    clearInterval(provoking);
  }
  return {
    stop: async () => {
      child.removeAllListeners('exit');
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      await ended;
    },
  };
}

/** Attaches programs of the baseline object and reads their ring buffer as a sensor would. */
async function attach(names: readonly string[]): Promise<Running> {
  const libbpf = loadLibbpf();
  const object = libbpf.openObject(baseline, { btfPath: undefined, log: Buffer.alloc(1) });
  if (!object) throw new Error(`failed to open ${baseline}`);
  const wanted: Pointer[] = [];
  for (let p = libbpf.nextProgram(object, null); p; p = libbpf.nextProgram(object, p)) {
    const chosen = names.includes(libbpf.programName(p));
    libbpf.setAutoload(p, chosen);
    if (chosen) wanted.push(p);
  }
  if (libbpf.loadObject(object) < 0) throw new Error(`failed to load ${names}: errno ${libbpf.errno()}`);
  const links = wanted.map(program => libbpf.attach(program));
  if (links.includes(null)) throw new Error(`failed to attach ${names}: errno ${libbpf.errno()}`);
  const reading = readRing(libbpf, object);
  return {
    stop: async () => {
      for (const link of links) if (link) libbpf.destroyLink(link);
      await reading();
      libbpf.closeObject(object);
    },
  };
}

/** @returns a function that ends it */
function readRing(libbpf: Libbpf, object: Pointer): () => Promise<void> {
  const map = libbpf.nextMap(object, null);
  if (!map) throw new Error('failed to find the ring buffer');
  const ring = new RingBuffer(libbpf.mapFd(map), RING_BYTES);
  const poller = new Poller([libbpf.mapFd(map)]);
  let stopping = false;
  const paths = Buffer.from(ring.memory);
  const run = async () => {
    while (!stopping) {
      ring.read(Number.POSITIVE_INFINITY, offset => void paths.toString('utf8', offset + 40, offset + 104));
      ring.release();
      await poller.wait(100);
    }
  };
  const running = run();
  return async () => {
    stopping = true;
    await running;
    poller.close();
    ring.close();
  };
}

const ORDERS: Readonly<Record<Workload, string>> = {
  open: `open ${millis} ${file}`,
  procfs: `open ${millis} /proc/self/status`,
  hit: `hit ${millis}`,
  getppid: `getppid ${millis}`,
  walk: `walk ${millis} ${directory}`,
};
const worker = new Child(calls, []);

async function work(workload: Workload): Promise<{ readonly calls: number; readonly nanoseconds: number }> {
  worker.say(ORDERS[workload]);
  return JSON.parse(await worker.line());
}

async function measure(
  subject: Subject,
  round: number,
  before: ReadonlySet<number>,
): Promise<HostMeasurement[]> {
  for (const workload of WORKLOADS) await work(workload);
  const measurements: HostMeasurement[] = [];
  for (const workload of WORKLOADS) {
    const callers: number[] = [];
    const programs: number[] = [];
    const runs: number[] = [];
    writeFileSync(STATISTICS, '0');
    for (let slice = 0; slice < Number(slices); slice++) callers.push((await work(workload)).nanoseconds);
    writeFileSync(STATISTICS, '1');
    for (let slice = 0; slice < Number(slices); slice++) {
      const start = programTimes(before);
      const counted = await work(workload);
      const spent = difference(start, programTimes(before));
      programs.push(spent.nanoseconds / counted.calls);
      runs.push(spent.runs / counted.calls);
    }
    measurements.push({
      ...{ hook, round, subject, workload },
      ...{ callNanoseconds: median(callers), programNanoseconds: median(programs), runs: median(runs) },
    });
  }
  return measurements;
}

function difference(start: ReadonlyMap<number, ProgramTime>, end: ReadonlyMap<number, ProgramTime>) {
  let nanoseconds = 0;
  let runs = 0;
  for (const [id, time] of end) {
    nanoseconds += time.nanoseconds - (start.get(id)?.nanoseconds ?? 0);
    runs += time.runs - (start.get(id)?.runs ?? 0);
  }
  return { nanoseconds, runs };
}

const measurements: HostMeasurement[] = [];
const others = new Set(programTimes(new Set()).keys());
const chosen = SUBJECTS.filter(subject => subjects.split(',').includes(subject));
for (let round = 0; round < Number(rounds); round++) {
  // the order rotates with the rounds, so that warm caches favour no subject
  for (const [place] of chosen.entries()) {
    const subject = chosen[(place + round) % chosen.length] ?? 'none';
    const running = await STARTS[subject]();
    measurements.push(...(await measure(subject, round, others)));
    await running.stop();
  }
}
writeFileSync(STATISTICS, '0');
console.log(`MEASUREMENTS ${JSON.stringify(measurements)}`);
process.exit();
