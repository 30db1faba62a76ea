import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';

/** Waits for the end of its stdin, so that it also ends when the test is killed. */
const HOLD = 'while umount /sys/fs/bpf 2>/dev/null; do :; done; echo ready; exec cat';

/**
 * A mount namespace for one test, without a BPF file system on /sys/fs/bpf. Its mounts and pins end with the test.
 */
export class MountNamespace {
  readonly #pid: number;

  private constructor(pid: number) {
    this.#pid = pid;
  }

  static async create(t: TestContext): Promise<MountNamespace> {
    const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', HOLD], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    t.after(async () => {
      if (holder.exitCode !== null || holder.signalCode !== null) return;
      holder.stdin.end();
      await once(holder, 'exit');
    });
    await once(holder.stdout, 'data');
    return new MountNamespace(holder.pid ?? 0);
  }

  /** Prefix of a command that runs in it. */
  get prefix(): readonly string[] {
    return ['nsenter', `--mount=/proc/${this.#pid}/ns/mnt`, '--'];
  }

  /** Path of one of its files as seen from outside. */
  seen(path: string): string {
    return `/proc/${this.#pid}/root${path}`;
  }

  /** Runs a script in it. @returns what it printed */
  sh(script: string, ...as: readonly string[]): string {
    const [program = '', ...words] = [...this.prefix, ...as, 'sh', '-ec', script];
    return execFileSync(program, words, { encoding: 'utf8' });
  }

  /** The BPF file systems of it: mount point, source and options of each. */
  get bpfMounts(): string[] {
    const mounts = readFileSync(`/proc/${this.#pid}/mountinfo`, 'utf8').matchAll(
      /^\d+ \d+ \S+ \S+ (\S+) .* - bpf (.*)$/gm,
    );
    return Array.from(mounts, ([, mountPoint, rest]) => `${mountPoint} ${rest}`);
  }
}
