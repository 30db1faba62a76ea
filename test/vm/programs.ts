import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Architecture } from './apt.ts';
import { cacheFolder } from './cache.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const BPF_TARGET = { amd64: 'x86', arm64: 'arm64' } as const satisfies Record<Architecture, string>;
const COMPILER = { amd64: 'x86_64-linux-gnu-gcc', arm64: 'aarch64-linux-gnu-gcc' } as const satisfies Record<
  Architecture,
  string
>;

/** Builds the BPF object for a guest when a source is newer. @throws Error with the compiler's words */
export function buildBpfObject(architecture: Architecture): void {
  const target = BPF_TARGET[architecture];
  const folder = join(REPOSITORY, 'bpf');
  const built =
    statSync(join(folder, `build/memwarden-${target}.bpf.o`), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = readdirSync(folder).filter(name => /\.(c|h|sh)$/.test(name));
  if (sources.every(name => statSync(join(folder, name)).mtimeMs <= built)) return;
  execFileSync('sh', [join(folder, 'build.sh'), target], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Builds the attack programs for a guest. @returns their folder. @throws Error with the compiler's words */
export function buildAttacks(architecture: Architecture): string {
  const folder = cacheFolder('attacks', architecture);
  execFileSync(join(REPOSITORY, 'test/attacks/build.sh'), {
    env: { ...process.env, CC: COMPILER[architecture], BUILD: folder },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return folder;
}
