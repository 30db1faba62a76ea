import { execFileSync } from 'node:child_process';
import { isOnPath } from '../live/is-on-path.ts';
import type { Architecture } from './apt.ts';

const OWN_COMPILER = ['gcc', 'libc6-dev'];

/** Program → Debian packages that bring it and what it needs. */
const PROGRAMS: Readonly<Record<Architecture, Readonly<Record<string, readonly string[]>>>> = {
  amd64: {
    'qemu-system-x86_64': ['qemu-system-x86'],
    'x86_64-linux-gnu-gcc':
      process.arch === 'x64' ? OWN_COMPILER : ['gcc-x86-64-linux-gnu', 'libc6-dev-amd64-cross'],
  },
  arm64: {
    'qemu-system-aarch64': ['qemu-system-arm'],
    'aarch64-linux-gnu-gcc':
      process.arch === 'arm64' ? OWN_COMPILER : ['gcc-aarch64-linux-gnu', 'libc6-dev-arm64-cross'],
  },
};

/**
 * Makes sure that the host has the emulator and the compiler for guests of an architecture; as root it installs what is
 * missing, and says so. @throws Error that names the command to run when it must not or cannot install
 */
export function provideHostPrograms(architecture: Architecture): void {
  const missing = Object.entries(PROGRAMS[architecture])
    .filter(([program]) => !isOnPath(program))
    .flatMap(([, packages]) => packages);
  if (missing.length === 0) return;
  const words = ['install', '-y', '-qq', '--no-install-recommends', ...missing];
  if (process.getuid?.() !== 0) {
    throw new Error(
      `failed to find ${missing.join(', ')}: not installed; try sudo apt-get ${words.join(' ')}`,
    );
  }
  console.error(`installing with apt-get: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', ['update', '-qq'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync('apt-get', words, { env, stdio: ['ignore', 'ignore', 'inherit'] });
}
