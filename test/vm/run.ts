import { parseArgs } from 'node:util';
import { boot } from './boot.ts';
import { baseArchive, repositoryArchive } from './initramfs.ts';
import { findKernel, KERNEL_SERIES, type KernelSeries } from './kernels.ts';

const { values } = parseArgs({
  options: {
    kernel: { type: 'string', multiple: true },
    arch: { type: 'string', default: 'amd64' },
    exec: { type: 'string' },
    append: { type: 'string' },
    timeout: { type: 'string', default: '120' },
    log: { type: 'boolean', default: false },
  },
});
const architecture = values.arch === 'arm64' ? 'arm64' : 'amd64';
const run = values.exec;
if (run === undefined) throw new Error('--exec COMMAND is missing');
const base = baseArchive(architecture);
const repository = repositoryArchive();
for (const series of (values.kernel as KernelSeries[] | undefined) ?? KERNEL_SERIES) {
  const kernel = findKernel(series, architecture);
  console.error(`== ${kernel.release}`);
  const result = await boot(
    kernel,
    [base, repository],
    {
      run: `exec 2>&1\n${run}`,
      kernelWords: values.append?.split(' ') ?? [],
      timeoutMillis: Number(values.timeout) * 1000,
    },
    chunk => process.stdout.write(chunk),
  );
  if (values.log) console.error(result.log);
  console.error(`== ${kernel.release}: ${result.failure ?? 'exit 0'} (${result.millis} ms)`);
}
