import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import type { Architecture } from './apt.ts';
import { CpioArchive } from './cpio.ts';
import type { Kernel } from './kernels.ts';

/** Lines of the guest's log that explain a failure. */
const LOG_TAIL_LINES = 40;
const MEMORY_MIB = 1536;
const PANIC = /Kernel panic - not syncing/;
/** How long before its deadline a guest that hangs logs what it is doing. */
const DUMP_SECONDS = 15;

/** The work of a guest. */
export interface Job {
  /** Shell script of the work; its standard output is the result, its exit status the verdict. */
  readonly run: string;
  /** Shell script that runs before it as root and sets up the conditions. */
  readonly prepare?: string;
  /** Words to add to the kernel's command line; a later word wins over an earlier one. */
  readonly kernelWords?: readonly string[];
  /** Memory of the guest, MiB; enough for the tests unless given. */
  readonly memoryMiB?: number;
  /** Longest time from power-on to power-off, ms. */
  readonly timeoutMillis: number;
  /** Time of the guest after which its work counts as hung, s; a little less than `timeoutMillis` unless given. */
  readonly patienceSeconds?: number;
}

export interface BootResult {
  /** What the work printed. */
  readonly output: string;
  /** Exit status of the work; undefined when the guest never reached its end. */
  readonly exitStatus: number | undefined;
  /** Why this boot must not count as passed, with the end of the guest's log; undefined when the work ended with 0. */
  readonly failure: string | undefined;
  readonly log: string;
  readonly millis: number;
}

interface Machine {
  readonly program: string;
  readonly words: readonly string[];
  readonly console: string;
  /** The second serial line, as QEMU attaches it and as the guest names it. */
  readonly outputWords: readonly string[];
  readonly outputDevice: string;
}

const MACHINES: Readonly<Record<Architecture, Machine>> = {
  amd64: {
    program: 'qemu-system-x86_64',
    // Not microvm, which hung; not thread=multi, which panicked in 2 of 209 boots. Without cx16 the kernel's slab
    // allocator does not use cmpxchg16b, which QEMU 7.2 gets wrong when a timer interrupt follows it: 6.12 then
    // dies with a corrupted freelist in one boot of four on a busy host.
    words: ['-M', 'pc', '-cpu', 'qemu64,-cx16', '-accel', 'tcg,thread=single'],
    console: 'ttyS0',
    outputWords: ['-serial', 'stdio'],
    outputDevice: '/dev/ttyS1',
  },
  arm64: {
    program: 'qemu-system-aarch64',
    words: ['-M', 'virt', '-cpu', 'cortex-a76', '-accel', 'tcg,thread=single'],
    console: 'ttyAMA0',
    outputWords: ['-chardev', 'stdio,id=output', '-device', 'pci-serial,chardev=output'],
    outputDevice: '/dev/ttyS0',
  },
};

/**
 * Boots a kernel in QEMU without hardware virtualisation and runs a job in it. The result depends on the marker that the
 * guest prints last, since QEMU's own exit status is 0 after a panic as well.
 * @param archives initramfs archives in order, as paths or bytes
 * @param onLine is given what the work prints, line by line, as it comes
 */
export async function boot(
  kernel: Kernel,
  archives: readonly (string | Buffer)[],
  job: Job,
  onLine: (line: string) => void = () => {},
): Promise<BootResult> {
  const machine = MACHINES[kernel.architecture];
  const nonce = randomUUID();
  const folder = mkdtempSync(join(tmpdir(), 'memwarden-vm-'));
  const started = Date.now();
  // an interrupted run would leave a quarter of a gigabyte
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const initramfs = join(folder, 'initramfs');
    await concatenate(initramfs, [...archives, jobArchive(job, nonce, machine.outputDevice)]);
    const logPath = join(folder, 'log');
    const words = [
      ...machine.words,
      ...[
        '-nodefaults',
        '-display',
        'none',
        '-no-reboot',
        '-m',
        String(job.memoryMiB ?? MEMORY_MIB),
        '-smp',
        '1',
      ],
      ...['-serial', `file:${logPath}`, ...machine.outputWords],
      ...['-kernel', kernel.image, '-initrd', initramfs],
      ...['-append', kernelCommandLine(machine, job)],
    ];
    const isWork = (line: string) => !line.startsWith(nonce);
    const ended = await runMachine(machine.program, words, job.timeoutMillis, line => {
      if (isWork(line)) onLine(line);
      return line === `${nonce} hung`;
    });
    const log = await readFile(logPath, 'utf8').catch(() => '');
    return { ...resultOf(ended, nonce, log), log, millis: Date.now() - started };
  } finally {
    process.off('exit', remove);
    remove();
  }
}

function kernelCommandLine(machine: Machine, job: Job): string {
  return [
    `console=${machine.console}`,
    'quiet',
    'panic=-1',
    'mitigations=off',
    'lsm=lockdown,capability,landlock,yama,apparmor,bpf',
    // Debian's 7.x refuses writes through /proc/<pid>/mem to read-only memory; the attacks of T1055.009 need them.
    'proc_mem.force_override=always',
    ...(job.kernelWords ?? []),
  ].join(' ');
}

function jobArchive(job: Job, nonce: string, outputDevice: string): Buffer {
  return new CpioArchive()
    .file('job/run', job.run)
    .file('job/prepare', job.prepare ?? '')
    .file('job/nonce', nonce)
    .file('job/output-device', outputDevice)
    .file(
      'job/patience-seconds',
      String(job.patienceSeconds ?? Math.ceil(job.timeoutMillis / 1000) - DUMP_SECONDS),
    )
    .finish();
}

async function concatenate(path: string, archives: readonly (string | Buffer)[]): Promise<void> {
  for (const archive of archives) {
    const source = typeof archive === 'string' ? createReadStream(archive) : [archive];
    await pipeline(source, createWriteStream(path, { flags: 'a' }));
  }
}

interface MachineEnd {
  readonly output: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly timedOut: boolean;
}

async function runMachine(
  program: string,
  words: readonly string[],
  timeoutMillis: number,
  isHung: (line: string) => boolean,
): Promise<MachineEnd> {
  let output = '';
  let stderr = '';
  let timedOut = false;
  const machine = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => machine.kill('SIGKILL');
  process.once('exit', kill);
  const giveUp = () => {
    timedOut = true;
    kill();
  };
  const timer = setTimeout(giveUp, timeoutMillis);
  machine.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  createInterface(machine.stdout).on('line', line => {
    output += `${line}\n`;
    if (isHung(line)) giveUp();
  });
  try {
    const [code] = await once(machine, 'close');
    return { output, stderr, code, timedOut };
  } finally {
    clearTimeout(timer);
    process.off('exit', kill);
  }
}

function resultOf(end: MachineEnd, nonce: string, log: string): Omit<BootResult, 'log' | 'millis'> {
  const marker = new RegExp(`\\n${nonce} exit=(\\d+) complaints=(\\d+)\\n`).exec(end.output);
  const output = marker === null ? end.output : end.output.slice(0, marker.index);
  const exitStatus = marker === null ? undefined : Number(marker[1]);
  const cause = causeOfFailure(end, log, exitStatus, Number(marker?.[2] ?? 0));
  if (cause === undefined) return { output, exitStatus, failure: undefined };
  return {
    output,
    exitStatus,
    failure: `${cause}\n--- last lines of the guest's log ---\n${tailOf(log)}`,
  };
}

/** The end of a log; where its trace is longer than that, the beginning of the panic, which says what it is about. */
function tailOf(log: string): string {
  const lines = log.trimEnd().split('\n');
  const last = Math.max(0, lines.length - LOG_TAIL_LINES);
  const panic = lines.findIndex(line => PANIC.test(line));
  const start = panic < 0 ? last : Math.min(last, panic);
  return lines.slice(start, start + LOG_TAIL_LINES).join('\n');
}

function causeOfFailure(
  end: MachineEnd,
  log: string,
  exitStatus: number | undefined,
  complaints: number,
): string | undefined {
  if (end.timedOut) return 'the guest hung: it was not powered off in time';
  if (PANIC.test(log)) return 'the guest panicked';
  if (exitStatus === undefined)
    return `the guest ended without its marker (qemu exit ${end.code}) ${end.stderr.trim()}`;
  if (complaints > 0) return `the kernel complained ${complaints} times while the work ran`;
  if (exitStatus !== 0) return `the work ended with exit status ${exitStatus}`;
  return undefined;
}
