import { benchCarry } from './carry.ts';
import { benchGrowth } from './growth.ts';
import { benchHost } from './host.ts';
import { benchIdle } from './idle.ts';
import { benchLatency } from './latency.ts';
import type { Report } from './report.ts';
import { benchStart } from './start.ts';
import { benchWorst } from './worst.ts';

/** A benchmark: its title in RESULTS.md, and what measures. */
export interface Benchmark {
  readonly title: string;
  run(): Promise<Report>;
}

/** By the names of their npm scripts. */
export const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  host: { title: 'Host: what system calls pay', run: benchHost },
  carry: { title: 'Carry: how many records the pipeline takes to a collector', run: benchCarry },
  latency: { title: 'Latency: from the act to the file of a Collector', run: benchLatency },
  start: { title: 'Start: process start to hooks proven alive', run: benchStart },
  idle: { title: 'Idle: what it costs while nothing happens', run: benchIdle },
  growth: { title: 'Growth: what the costs depend on', run: benchGrowth },
  worst: { title: 'Worst: what an actor can make an event cost', run: benchWorst },
};
