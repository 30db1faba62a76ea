import { cpus, loadavg, release, totalmem } from 'node:os';

/** Where something was measured. */
export interface Machine {
  readonly kernel: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  /** Load of the last minute before the measurement: more than a fraction, and others were at work. */
  readonly loadBefore: number;
  /** All of it in one sentence. */
  readonly text: string;
}

export function thisMachine(): Machine {
  const [{ model = 'unknown processor' } = {}] = cpus();
  const machine = {
    kernel: release(),
    processor: model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
    loadBefore: loadavg()[0] ?? 0,
  };
  const memory = `${Math.round(machine.memoryBytes / 2 ** 30)} GiB`;
  const { kernel, processor, cores, node, loadBefore } = machine;
  return {
    ...machine,
    text:
      `Linux ${kernel}, ${cores} cores of ${processor}, ${memory}, Node.js ${node}; ` +
      `load before the run ${loadBefore.toFixed(2)}.`,
  };
}
