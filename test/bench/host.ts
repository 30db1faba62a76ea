import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { boot } from '../vm/boot.ts';
import { CpioArchive } from '../vm/cpio.ts';
import { guestArchives } from '../vm/initramfs.ts';
import { findKernel } from '../vm/kernels.ts';
import { provideHostPrograms } from '../vm/requirements.ts';
import { bpftraceArchive } from './bpftrace.ts';
import type { HostMeasurement, Subject, Workload } from './host-measure.ts';
import { program, workFolder } from './programs.ts';
import type { Ratio, Report, Table, Target } from './report.ts';
import { median, readable } from './statistics.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const ROUNDS = 7;
/** Of each workload in a round, with the account off and again with it on. */
const SLICES = 7;
const SLICE_MILLIS = 12;
const GUEST_SERIES = '6.12';
/** All of them, unless MEMWARDEN_BENCH_HOOKS names some. */
const GUEST_HOOKS = (process.env['MEMWARDEN_BENCH_HOOKS'] ?? 'lsm,fentry,kprobe,tracepoint').split(',');
const GUEST_TIMEOUT_MILLIS = 420_000;
/** The hook with which bpftrace is measured: it uses a tracepoint in any case, and is slow to start. */
const BPFTRACE_BESIDE = 'lsm';
const BPFTRACE_MEMORY_MIB = 3072;
const RESULT = /^MEASUREMENTS (.*)$/m;
const FLOOR_MAX = 1.5;
const SHIPPING_MIN = 5;
/** A smaller difference is within the noise of a system call's time. */
const NOTHING_MAX = 1.05;

const WORKLOADS: Readonly<Record<Workload, string>> = {
  open: 'unrelated file, open+close',
  procfs: '/proc/self/status, open+close',
  hit: '/proc/<pid>/mem, open+close',
  getppid: 'getppid',
  walk: 'walk of src/, a file',
};
const SUBJECTS: Readonly<Record<Subject, string>> = {
  none: 'no program',
  empty: 'empty programs',
  memwarden: 'memwarden',
  ship: 'ships every open',
  bpftrace: 'bpftrace',
  bpftraceFilter: 'bpftrace, /proc/',
};
const OURS_AND_FLOORS: readonly Subject[] = ['none', 'empty', 'memwarden', 'ship'];

type Measure = 'callNanoseconds' | 'programNanoseconds';

/** One place and hook. */
interface Place {
  readonly name: string;
  readonly hook: string;
  /** Median of the rounds; NaN for a subject that was not measured there. */
  readonly of: (measure: Measure, subject: Subject, workload: Workload) => number;
  /** Median of the rounds' own ratios. */
  readonly ratio: (measure: Measure, subject: Subject, to: Subject, workload: Workload) => number;
}

/** Cost for the host. @throws Error with the cause when the measurement cannot be made */
export async function benchHost(): Promise<Report> {
  const object = compileBaseline();
  const measurements: HostMeasurement[] = [];
  const places: Place[] = [];
  const add = (name: string, hook: string, found: readonly HostMeasurement[]): void => {
    measurements.push(...found);
    places.push(placeOf(name, hook, found));
  };
  add('this host', 'tracepoint', await measureHere(object));
  const kernel = findKernel(GUEST_SERIES, 'amd64');
  for (const hook of GUEST_HOOKS) add(kernel.release, hook, await measureInGuest(hook, object));
  return {
    tables: [programTable(places), callTable(places)],
    targets: places.filter(({ hook }) => hook === 'lsm' || hook === 'fentry').flatMap(targetsOf),
    ratios: places.flatMap(ratiosOf),
    notes: [
      `${kernel.release} runs in QEMU without hardware virtualisation, where everything takes some tens of times longer: ` +
        'compare within a row. The hooks that this host refuses are measured there.',
      'The first table is the time in BPF programs by the kernel’s own account (kernel.bpf_stats_enabled), per call of the ' +
        'workload: all programs of the subject together, which for memwarden and "empty programs" on lsm, fentry and ' +
        'kprobe are two, on the open and on its outcome, and for memwarden on tracepoint one for each of three ' +
        'capabilities. open+close are two system calls, so tracepoint programs run twice. The account’s own clock reading ' +
        'is in each run, hence the floor.',
      'The second is what the caller of the system calls waits, with the account switched off.',
      `Medians of ${ROUNDS} rounds. In each of them every subject ran every workload, the subjects in an order that goes on ` +
        `by one from round to round, first once to warm up and then in ${SLICES} slices of ${SLICE_MILLIS} ms whose median ` +
        'stands for the round. A ratio is the median of the ratios within the rounds, so it need not be that of the two ' +
        'medians beside it.',
      '"Ships every open" is bpf/baseline.bpf.c of this folder: path components, names and ids of every open through a ring ' +
        'buffer to a reader.',
      'bpftrace is Debian’s, in a guest of 3 GiB: `tracepoint:syscalls:sys_enter_openat { printf("%d %s %s\\n", pid, comm, ' +
        'str(args->filename)); }` with its output read; “bpftrace, /proc/” only of paths that begin so, which is ' +
        'what its language can ask of a text. It is measured beside lsm, and not on this host, where it may not raise ' +
        'RLIMIT_MEMLOCK and the kernel has no tracepoints of single system calls.',
    ],
    raw: measurements,
  };
}

function compileBaseline(): string {
  const object = join(workFolder(), 'baseline.bpf.o');
  const include = ['-I', join(REPOSITORY, 'bpf'), '-idirafter', '/usr/include/x86_64-linux-gnu'];
  const source = join(import.meta.dirname, 'bpf/baseline.bpf.c');
  const words = ['-O2', '-g', '-target', 'bpf', '-mcpu=v2', '-D__TARGET_ARCH_x86', ...include, '-c', source];
  execFileSync('clang', [...words, '-o', object], { stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync('llvm-strip', ['-g', object]);
  return object;
}

async function measureHere(object: string): Promise<HostMeasurement[]> {
  const script = join(import.meta.dirname, 'host-measure.ts');
  const words = [
    ...measureWords('tracepoint', OURS_AND_FLOORS),
    ...[program('calls'), object, '/etc/hostname', join(REPOSITORY, 'src')],
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...words], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return parse(stdout);
}

function measureWords(hook: string, subjects: readonly Subject[]): string[] {
  return [hook, subjects.join(','), ...[ROUNDS, SLICES, SLICE_MILLIS].map(String)];
}

async function measureInGuest(hook: string, object: string): Promise<HostMeasurement[]> {
  provideHostPrograms('amd64');
  const archive = new CpioArchive();
  for (const name of ['host-measure.ts', 'program-times.ts', 'child.ts', 'statistics.ts'])
    archive.file(`repo/test/bench/${name}`, readFileSync(join(import.meta.dirname, name)));
  archive.file('bench/calls', readFileSync(program('calls')), 0o755);
  archive.file('bench/baseline.o', readFileSync(object));
  const withBpftrace = hook === BPFTRACE_BESIDE;
  const subjects: readonly Subject[] = [
    ...OURS_AND_FLOORS,
    ...(withBpftrace ? (['bpftrace', 'bpftraceFilter'] as const) : []),
  ];
  const words = [
    ...measureWords(hook, subjects),
    ...['/bench/calls', '/bench/baseline.o', '/etc/hosts', '/repo/src'],
  ];
  const archives = [
    ...guestArchives('amd64'),
    ...(withBpftrace ? [bpftraceArchive()] : []),
    archive.finish(),
  ];
  const end = await boot(findKernel(GUEST_SERIES, 'amd64'), archives, {
    prepare: 'mount -t debugfs debugfs /sys/kernel/debug\n',
    run: `exec node test/bench/host-measure.ts ${words.join(' ')} 2>&1\n`,
    timeoutMillis: GUEST_TIMEOUT_MILLIS,
    ...(withBpftrace ? { memoryMiB: BPFTRACE_MEMORY_MIB } : {}),
  });
  if (end.failure !== undefined)
    throw new Error(`failed to measure ${hook} in a guest: ${end.failure}\n${end.output}`);
  return parse(end.output);
}

function parse(output: string): HostMeasurement[] {
  const [, json] = RESULT.exec(output) ?? [];
  if (json === undefined) throw new Error(`failed to find the measurements in: ${output}`);
  return JSON.parse(json) as HostMeasurement[];
}

function placeOf(name: string, hook: string, found: readonly HostMeasurement[]): Place {
  const roundsOf = (measure: Measure, subject: Subject, workload: Workload) =>
    new Map(
      found
        .filter(one => one.subject === subject && one.workload === workload)
        .map(one => [one.round, one[measure]]),
    );
  return {
    name,
    hook,
    of: (measure, subject, workload) => median([...roundsOf(measure, subject, workload).values()]),
    ratio: (measure, subject, to, workload) => {
      const below = roundsOf(measure, to, workload);
      return median(
        [...roundsOf(measure, subject, workload)].map(([round, value]) => value / (below.get(round) ?? 0)),
      );
    },
  };
}

function programTable(places: readonly Place[]): Table {
  const workloads = ['open', 'procfs', 'hit', 'getppid'] as const;
  const subjects = ['empty', 'memwarden', 'ship', 'bpftrace', 'bpftraceFilter'] as const;
  const names = subjects.map(subject => SUBJECTS[subject]);
  return {
    title: 'In BPF programs, ns a call',
    head: ['Kernel', 'Hook', 'Workload', ...names, '÷ empty', 'ships ÷ memwarden', 'bpftrace ÷ memwarden'],
    rows: places.flatMap(({ name, hook, of, ratio }) =>
      workloads.map(workload => [
        ...[name, hook, WORKLOADS[workload]],
        ...subjects.map(subject => cell(of('programNanoseconds', subject, workload))),
        cell(ratio('programNanoseconds', 'memwarden', 'empty', workload)),
        cell(ratio('programNanoseconds', 'ship', 'memwarden', workload)),
        cell(ratio('programNanoseconds', 'bpftrace', 'memwarden', workload)),
      ]),
    ),
  };
}

function callTable(places: readonly Place[]): Table {
  const subjects = Object.keys(SUBJECTS) as Subject[];
  return {
    title: 'As the caller sees it, ns a call',
    head: ['Kernel', 'Hook', 'Workload', ...Object.values(SUBJECTS), 'memwarden ÷ no program'],
    rows: places.flatMap(({ name, hook, of, ratio }) =>
      (Object.keys(WORKLOADS) as Workload[]).map(workload => [
        ...[name, hook, WORKLOADS[workload]],
        ...subjects.map(subject => cell(of('callNanoseconds', subject, workload))),
        cell(ratio('callNanoseconds', 'memwarden', 'none', workload)),
      ]),
    ),
  };
}

/** Not measured, or a division by 0. */
function cell(value: number): string {
  return Number.isFinite(value) ? readable(value) : '–';
}

function targetsOf({ hook, ratio }: Place): Target[] {
  const floor = ratio('programNanoseconds', 'memwarden', 'empty', 'open');
  const shipping = ratio('programNanoseconds', 'ship', 'memwarden', 'open');
  const other = ratio('callNanoseconds', 'memwarden', 'none', 'getppid');
  return [
    {
      what: `${hook}: unrelated open ÷ empty programs on the same hooks`,
      target: `≤ ${FLOOR_MAX}`,
      measured: readable(floor),
      met: floor <= FLOOR_MAX,
    },
    {
      what: `${hook}: shipping every open ÷ unrelated open`,
      target: `≥ ${SHIPPING_MIN}`,
      measured: readable(shipping),
      met: shipping >= SHIPPING_MIN,
    },
    {
      what: `${hook}: getppid with memwarden ÷ without`,
      target: `≤ ${NOTHING_MAX}`,
      measured: readable(other),
      met: other <= NOTHING_MAX,
    },
  ];
}

function ratiosOf({ name, hook, ratio }: Place): Ratio[] {
  const where = `${name === 'this host' ? name : 'guest'}, ${hook}`;
  return [
    {
      name: `${where}: unrelated open ÷ empty programs`,
      value: ratio('programNanoseconds', 'memwarden', 'empty', 'open'),
      better: 'lower',
    },
    {
      name: `${where}: shipping ÷ unrelated open`,
      value: ratio('programNanoseconds', 'ship', 'memwarden', 'open'),
      better: 'higher',
    },
  ];
}
