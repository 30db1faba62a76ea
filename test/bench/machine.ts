import { cpus, loadavg, release, totalmem } from 'node:os';

/** The machine of a measurement. */
export interface Machine {
  readonly kernel: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  /** Load average of the minute before the measurement; near 0 on an idle machine. */
  readonly loadBefore: number;
  /** All of this in one sentence. */
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
