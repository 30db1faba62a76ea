/** Prints the size of the image and the time until it is ready: node test/e2e/deployment/measure.ts */
import { execFileSync, spawn } from 'node:child_process';
import { createGzip } from 'node:zlib';
import { Container, IMAGE } from './container.ts';

const STARTS = 5;
const MB = 1e6;

/** Bytes of the image in a registry: its compressed layers. */
async function compressedBytes(): Promise<number> {
  const save = spawn('docker', ['save', IMAGE], { stdio: ['ignore', 'pipe', 'inherit'] });
  let bytes = 0;
  for await (const chunk of save.stdout.pipe(createGzip())) bytes += chunk.length;
  return bytes;
}

/** Milliseconds from `docker run` to proven hooks. */
async function startMillis(): Promise<number> {
  const began = performance.now();
  await using container = new Container(['BPF', 'PERFMON', 'SYS_PTRACE']);
  await container.ready();
  return performance.now() - began;
}

const unpacked = Number(
  execFileSync('docker', ['image', 'inspect', '--format={{.Size}}', IMAGE], { encoding: 'utf8' }),
);
console.log(
  `size: ${((await compressedBytes()) / MB).toFixed(0)} MB compressed, ${(unpacked / MB).toFixed(0)} MB unpacked`,
);
const starts: number[] = [];
for (let i = 0; i < STARTS; i++) starts.push(await startMillis());
const sorted = starts.sort((a, b) => a - b);
console.log(
  `docker run to ready: median ${((sorted[STARTS >> 1] ?? 0) / 1000).toFixed(1)} s of ${STARTS}, slowest ${((sorted.at(-1) ?? 0) / 1000).toFixed(1)} s`,
);
