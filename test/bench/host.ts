import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { boot } from '../vm/boot.ts';
import { CpioArchive } from '../vm/cpio.ts';
import { guestArchives } from '../vm/initramfs.ts';
import { findKernel } from '../vm/kernels.ts';
import { provideHostPrograms } from '../vm/requirements.ts';
import type { HostMeasurement, Subject, Workload } from './host-measure.ts';
import { program, workFolder } from './programs.ts';
import type { Ratio, Report, Table, Target } from './report.ts';
import { median, readable } from './statistics.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const ROUNDS = '5';
const WORK_MILLIS = '60';
const GUEST_SERIES = '6.12';
/** All of them, unless MEMWARDEN_BENCH_HOOKS names some. */
const GUEST_HOOKS = (process.env['MEMWARDEN_BENCH_HOOKS'] ?? 'lsm,fentry,kprobe,tracepoint').split(',');
const GUEST_TIMEOUT_MILLIS = 300_000;
const RESULT = /^MEASUREMENTS (.*)$/m;
const FLOOR_MAX = 1.5;
const SHIPPING_MIN = 5;
/** Less cannot be told from the noise of a system call's time. */
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
};

/** Medians of one place and hook. */
interface Place {
  readonly name: string;
  readonly hook: string;
  readonly time: (subject: Subject, workload: Workload) => number;
  readonly inPrograms: (subject: Subject, workload: Workload) => number;
}

/** What the host pays. @throws Error when the measurement cannot be made, in the words of what refused it */
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
      `Medians of ${ROUNDS} rounds, in each of which every subject ran every workload. "Ships every open" is ` +
        'bpf/baseline.bpf.c of this folder: path components, names and ids of every open through a ring buffer to a reader.',
      'bpftrace: not measured. It does not start on this host, where it may not raise RLIMIT_MEMLOCK and the kernel has no ' +
        'tracepoints of single system calls; the guests have none, since its compiler is larger than all of a guest.',
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
    'tracepoint',
    ROUNDS,
    WORK_MILLIS,
    program('calls'),
    object,
    '/etc/hostname',
    join(REPOSITORY, 'src'),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...words], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return parse(stdout);
}

async function measureInGuest(hook: string, object: string): Promise<HostMeasurement[]> {
  provideHostPrograms('amd64');
  const archive = new CpioArchive();
  for (const name of ['host-measure.ts', 'program-times.ts', 'child.ts'])
    archive.file(`repo/test/bench/${name}`, readFileSync(join(import.meta.dirname, name)));
  archive.file('bench/calls', readFileSync(program('calls')), 0o755);
  archive.file('bench/baseline.o', readFileSync(object));
  const words = [hook, ROUNDS, WORK_MILLIS, '/bench/calls', '/bench/baseline.o', '/etc/hosts', '/repo/src'];
  const end = await boot(findKernel(GUEST_SERIES, 'amd64'), [...guestArchives('amd64'), archive.finish()], {
    run: `exec node test/bench/host-measure.ts ${words.join(' ')} 2>&1\n`,
    timeoutMillis: GUEST_TIMEOUT_MILLIS,
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
  const of = (subject: Subject, workload: Workload, key: 'callNanoseconds' | 'programNanoseconds') =>
    median(found.filter(one => one.subject === subject && one.workload === workload).map(one => one[key]));
  return {
    name,
    hook,
    time: (subject, workload) => of(subject, workload, 'callNanoseconds'),
    inPrograms: (subject, workload) => of(subject, workload, 'programNanoseconds'),
  };
}

function programTable(places: readonly Place[]): Table {
  const workloads = ['open', 'procfs', 'hit', 'getppid'] as const;
  const subjects = ['empty', 'memwarden', 'ship'] as const;
  return {
    title: 'In BPF programs, ns a call',
    head: [
      'Kernel',
      'Hook',
      'Workload',
      ...subjects.map(subject => SUBJECTS[subject]),
      '÷ empty',
      'ships ÷ memwarden',
    ],
    rows: places.flatMap(({ name, hook, inPrograms }) =>
      workloads.map(workload => {
        const [empty, ours, ship] = subjects.map(subject => inPrograms(subject, workload));
        return [
          ...[name, hook, WORKLOADS[workload]],
          ...[empty, ours, ship].map(value => readable(value ?? Number.NaN)),
          times(ours, empty),
          times(ship, ours),
        ];
      }),
    ),
  };
}

function callTable(places: readonly Place[]): Table {
  const subjects = Object.keys(SUBJECTS) as Subject[];
  return {
    title: 'As the caller sees it, ns a call',
    head: ['Kernel', 'Hook', 'Workload', ...Object.values(SUBJECTS), 'memwarden ÷ no program'],
    rows: places.flatMap(({ name, hook, time }) =>
      (Object.keys(WORKLOADS) as Workload[]).map(workload => [
        ...[name, hook, WORKLOADS[workload]],
        ...subjects.map(subject => readable(time(subject, workload))),
        times(time('memwarden', workload), time('none', workload)),
      ]),
    ),
  };
}

function times(value: number | undefined, of: number | undefined): string {
  return value !== undefined && of !== undefined && of > 0 ? readable(value / of) : '–';
}

function targetsOf({ hook, time, inPrograms }: Place): Target[] {
  const floor = inPrograms('memwarden', 'open') / inPrograms('empty', 'open');
  const shipping = inPrograms('ship', 'open') / inPrograms('memwarden', 'open');
  const other = time('memwarden', 'getppid') / time('none', 'getppid');
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

function ratiosOf({ name, hook, inPrograms }: Place): Ratio[] {
  const where = `${name === 'this host' ? name : 'guest'}, ${hook}`;
  return [
    {
      name: `${where}: unrelated open ÷ empty programs`,
      value: inPrograms('memwarden', 'open') / inPrograms('empty', 'open'),
      better: 'lower',
    },
    {
      name: `${where}: shipping ÷ unrelated open`,
      value: inPrograms('ship', 'open') / inPrograms('memwarden', 'open'),
      better: 'higher',
    },
  ];
}
