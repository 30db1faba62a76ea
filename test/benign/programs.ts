import { fileURLToPath } from 'node:url';

/** Benign activity that must not be reported as HIGH. */
export interface BenignProgram {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  /** Programs that it requires. */
  readonly needs: readonly string[];
  /** Exit codes of a success; 0 unless given. */
  readonly exitCodes?: readonly number[];
}

const LISTS = '/tmp/memwarden-apt-lists';

function own(name: string): string {
  return fileURLToPath(new URL(`programs/${name}`, import.meta.url));
}

function tool(name: string, ...args: string[]): BenignProgram {
  return { name: [name, ...args].join(' '), command: [name, ...args], needs: [name] };
}

export const benignPrograms: readonly BenignProgram[] = [
  tool('ps', 'auxwwe'),
  tool('top', '-b', '-n1'),
  {
    // it needs a terminal, and ends only on request
    name: 'htop',
    command: ['sh', '-c', 'sleep 1 | TERM=xterm script -qec "timeout 1 htop" /dev/null'],
    needs: ['htop', 'script'],
    exitCodes: [0, 124],
  },
  { ...tool('lsof', '-n'), exitCodes: [0, 1] },
  tool('vmstat', '1', '2'),
  tool('pgrep', '-l', '.'),
  { ...tool('pmap', '-x', String(process.pid)), name: 'pmap -x' },
  { ...tool('fuser', '-v', '-m', '/'), exitCodes: [0, 1] },
  tool('strace', '-f', 'ls', '/'),
  { name: 'every file about every process', command: [own('procfs.sh')], needs: ['readlink'] },
  { name: 'Node.js with JIT and WebAssembly', command: [process.execPath, own('jit.mjs')], needs: [] },
  { name: 'Java with JIT', command: ['java', own('Jit.java')], needs: ['java', 'javac'] },
  { name: 'C compile', command: [own('compile.sh')], needs: ['gcc'] },
  tool('apt-get', 'check'),
  {
    // success does not depend on reaching the package servers
    name: 'apt-get update',
    command: [
      'sh',
      '-c',
      `mkdir -p ${LISTS}; timeout 60 apt-get -o Dir::State::lists=${LISTS} update; rm -r ${LISTS}`,
    ],
    needs: ['apt-get', 'timeout'],
  },
  {
    name: 'container start',
    command: [own('container.sh')],
    needs: ['unshare', 'pivot_root', 'busybox'],
  },
  { name: 'git clone of a local repository', command: [own('clone.sh')], needs: ['git'] },
];
