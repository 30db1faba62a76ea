import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootToWallOffsetNs } from '../../src/capture/index.ts';
import { EventDecoder } from '../../src/capture/ring/decoder.ts';
import { EVENT } from '../../src/capture/ring/layout.ts';
import { loadSettings } from '../../src/config/index.ts';
import { PreparedDetection } from '../../src/detect/detection-stage.ts';
import { Child } from './child.ts';
import { readKernelRecords, recordKernelRecords } from './kernel-records.ts';
import { programTimes } from './program-times.ts';
import { program, workFolder } from './programs.ts';
import type { Report, Table } from './report.ts';
import { BenchSidecar } from './sidecar.ts';
import { median, readable } from './statistics.ts';

const ROUNDS = 5;
const PROCESSES = [10, 100, 1_000, 10_000];
const EXCEPTIONS = [0, 10, 100, 1_000];
const OPENS_PER_SECOND = [0, 50_000, 100_000, 200_000];
const CORES = [2, 16, 64, 256];
const WORK_MILLIS = 400;
const STATISTICS = '/proc/sys/kernel/bpf_stats_enabled';

interface Sample {
  readonly at: number;
  readonly values: readonly number[];
}

/** How the costs grow with what surrounds the sidecar. */
export async function benchGrowth(): Promise<Report> {
  const recordsPath = await recordKernelRecords();
  const exceptions = await interleaved(EXCEPTIONS, count => [judgeNanoseconds(recordsPath, count)]);
  const cores = await interleaved(CORES, count => [coresNanoseconds(recordsPath, count)]);
  const sidecar = await BenchSidecar.start();
  let processes: Sample[];
  let opens: Sample[];
  try {
    processes = await interleaved(PROCESSES, async count => {
      const worker = new Child(program('calls'), []);
      // once before the measurement, which is not about starting the processes
      await inPrograms(worker, `hit 1 ${count}`);
      const { nanoseconds } = await inPrograms(worker, `hit ${WORK_MILLIS} ${count}`);
      await worker.end();
      return [nanoseconds];
    });
    const worker = new Child(program('calls'), []);
    opens = await interleaved(OPENS_PER_SECOND, async rate => {
      const before = sidecar.runNanoseconds();
      const began = performance.now();
      const { nanoseconds, calls } =
        rate === 0 ? await idle() : await inPrograms(worker, `open ${WORK_MILLIS} /etc/hostname ${rate}`);
      const seconds = (performance.now() - began) / 1_000;
      const cpu = (sidecar.runNanoseconds() - before) / 1e9 / seconds;
      return [nanoseconds, cpu * 100, calls / (WORK_MILLIS / 1_000)];
    });
    await worker.end();
  } finally {
    writeFileSync(STATISTICS, '0');
    await sidecar.stop();
  }
  const growth = (samples: readonly Sample[], from = 0) =>
    (samples.at(-1)?.values[0] ?? 0) / (samples[from]?.values[0] ?? 1);
  return {
    tables: [
      table('Processes on the machine', 'processes', ['ns in programs for a hit'], processes),
      table(
        'Exceptions that do not match',
        'rules',
        ['ns to decode, enrich and match a detection'],
        exceptions,
      ),
      table(
        'Opens of unrelated files',
        'asked for, a second',
        ['ns in programs for an open+close', 'CPU of the sidecar, % of a core', 'made, a second'],
        opens,
      ),
      table('Cores (simulated)', 'cores', ['ns to decode and match a record'], cores),
    ],
    targets: [
      flat('a hit, 10 → 10,000 processes', growth(processes)),
      flat('an unrelated open, 50,000 → 200,000 a second', growth(opens, 1)),
      flat('a record, 2 → 256 cores', growth(cores)),
      flat('a detection, 0 → 1,000 exceptions', growth(exceptions)),
    ],
    ratios: [
      { name: 'a hit, 10,000 ÷ 10 processes', value: growth(processes), better: 'lower' },
      { name: 'a detection, 1,000 ÷ 0 exceptions', value: growth(exceptions), better: 'lower' },
      { name: 'a record, 256 ÷ 2 cores', value: growth(cores), better: 'lower' },
    ],
    notes: [
      `Medians of ${ROUNDS} interleaved rounds. Times in programs are the kernel's own account, on this host's hook.`,
      'What a rule says of actor and target alone is decided once for two processes and remembered; the rules measured are ' +
        'such, and the time is that of detections after the first between two processes, which pays for every rule.',
      'Cores are simulated: records of as many CPUs are interleaved as they would be in the one ring buffer that all share. ' +
        'What writers wait for each other at that buffer is not in it; two cores cannot show that.',
    ],
    raw: { processes, exceptions, opens, cores },
  };
}

async function interleaved(
  steps: readonly number[],
  measure: (step: number) => Promise<number[]> | number[],
): Promise<Sample[]> {
  const found = new Map<number, number[][]>(steps.map(step => [step, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const step of steps) found.get(step)?.push(await measure(step));
  }
  return [...found].map(([at, rounds]) => ({
    at,
    values: (rounds[0] ?? []).map((_, i) => median(rounds.map(values => values[i] ?? Number.NaN))),
  }));
}

/** Time of a storm's records in decoder, enrichment and detection, with as many rules that do not match, ns a record. */
function judgeNanoseconds(recordsPath: string, rules: number): number {
  const path = join(workFolder(), `exceptions-${rules}.yaml`);
  const rule = (i: number) =>
    `  - name: rule ${i}\n    description: a benchmark\n    events: [proc_mem_access]\n` +
    `    when: actor.exe == "/opt/backup/agent-${i}" && actor.uid == 0\n    action: drop\n`;
  const text = Array.from({ length: rules }, (_, i) => rule(i)).join('');
  writeFileSync(path, `exceptions:${rules === 0 ? ' []' : `\n${text}`}\n`);
  return pipelineNanoseconds(recordsPath, { MEMWARDEN_DETECT_EXCEPTIONS_PATH: path }, 1);
}

function coresNanoseconds(recordsPath: string, cores: number): number {
  return pipelineNanoseconds(recordsPath, {}, cores);
}

function pipelineNanoseconds(recordsPath: string, env: NodeJS.ProcessEnv, cores: number): number {
  const settings = loadSettings({ env: { ...env, MEMWARDEN_DETECT_STORM_WINDOW_MILLIS: '0' } });
  const { memory, places } = readKernelRecords(recordsPath);
  const view = new DataView(memory);
  places.forEach(({ offset }, i) => {
    view.setUint32(offset + EVENT.cpu, i % cores, true);
  });
  const decoder = new EventDecoder(memory);
  const stage = new PreparedDetection(settings, bootToWallOffsetNs).start(() => undefined);
  const some = places.slice(0, 4_000);
  const run = () => {
    for (const { offset, length } of some) {
      const event = decoder.decode(offset, length);
      if (event !== undefined) stage.accept(event);
    }
  };
  run();
  const began = performance.now();
  run();
  return ((performance.now() - began) * 1e6) / some.length;
}

async function inPrograms(worker: Child, order: string) {
  writeFileSync(STATISTICS, '1');
  const sum = () => [...programTimes(new Set()).values()].reduce((total, one) => total + one.nanoseconds, 0);
  const before = sum();
  worker.say(order);
  const { calls } = JSON.parse(await worker.line()) as { calls: number };
  return { nanoseconds: (sum() - before) / calls, calls };
}

async function idle(): Promise<{ readonly nanoseconds: number; readonly calls: number }> {
  await new Promise(resolve => setTimeout(resolve, WORK_MILLIS));
  return { nanoseconds: 0, calls: 0 };
}

function table(title: string, step: string, values: readonly string[], samples: readonly Sample[]): Table {
  return {
    title,
    head: [step, ...values],
    rows: samples.map(({ at, values }) => [readable(at), ...values.map(readable)]),
  };
}

function flat(what: string, growth: number) {
  return { what, target: 'flat (≤ 1.3 ×)', measured: `${readable(growth)} ×`, met: growth <= 1.3 };
}
