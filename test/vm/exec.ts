import { boot } from './boot.ts';
import { guestArchives } from './initramfs.ts';
import { findKernel } from './kernels.ts';
import type { Cell } from './matrix.ts';
import { provideHostPrograms } from './requirements.ts';

export interface ExecOptions {
  /** Words to add to the kernel's command line. */
  readonly kernelWords: readonly string[];
  readonly timeoutMillis: number;
  /** Print the guest's log as well. */
  readonly log: boolean;
}

/** Runs a shell command as root in a guest with the cell's kernel and condition. @returns whether it ended with 0 */
export async function exec(cell: Cell, command: string, options: ExecOptions): Promise<boolean> {
  provideHostPrograms(cell.architecture);
  const kernel = findKernel(cell.series, cell.architecture, cell.pageKiB);
  console.error(`== ${kernel.release}`);
  const job = {
    run: `exec 2>&1\n${command}\n`,
    prepare: cell.condition?.prepare ?? '',
    kernelWords: [...(cell.condition?.kernelWords ?? []), ...options.kernelWords],
    timeoutMillis: options.timeoutMillis,
  };
  const end = await boot(kernel, guestArchives(cell.architecture), job, line => console.log(line));
  if (options.log) console.error(end.log);
  console.error(`== ${kernel.release}: ${end.failure ?? 'exit 0'} (${end.millis} ms)`);
  return end.failure === undefined;
}
