import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { cacheFolder } from '../vm/cache.ts';
import type { HostConfiguration } from './host-configuration.ts';
import { freshCgroups, INSIDE } from './requirements.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const ENTER = join(import.meta.dirname, 'enter.sh');
const END = join(import.meta.dirname, 'end.sh');

/**
 * A root file system with Debian's essential packages and a clean clone of the repository's last commit, and nothing else.
 *
 * Its processes end with it by their control group, its mounts by their namespace. Another process (end.sh) does that once a
 * pipe shows that this one has ended, in whatever way.
 */
export class FreshSystem {
  /** The root file system, seen from outside. */
  readonly root: string;
  /** The clone, in root's home, which is closed to others. */
  readonly clone: string;
  readonly #cgroup: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #end: ChildProcess;
  #ended: Promise<void> | undefined;

  private constructor(environment: Readonly<Record<string, string>>) {
    const parent = freshCgroups();
    if (parent === undefined) throw new Error('failed to find a place for a control group');
    const folder = mkdtempSync(join(cacheFolder('fresh'), 'run-'));
    this.#cgroup = join(parent, `memwarden-fresh-${basename(folder)}`);
    mkdirSync(this.#cgroup);
    // in a session of its own, where a Ctrl-C of the terminal does not reach it
    this.#end = spawn('sh', [END, this.#cgroup, folder], {
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    this.root = join(folder, 'root');
    mkdirSync(this.root);
    this.clone = join(this.root, 'root/memwarden');
    this.#environment = environment;
  }

  /**
   * @param archive the base system, as tar
   * @throws Error when it cannot be laid out
   */
  static async create(archive: string, { files, environment }: HostConfiguration): Promise<FreshSystem> {
    const system = new FreshSystem(environment);
    try {
      system.#layOut(archive, files);
    } catch (error) {
      await system.end();
      throw error;
    }
    return system;
  }

  /**
   * Runs a command in the clone, as root, without terminal, input, locale and home.
   * @returns its exit status, or the signal that ended it
   */
  async run(
    command: readonly string[],
    onLine: (line: string, from: 'stdout' | 'stderr') => void,
  ): Promise<number | string> {
    const apart = ['--mount', '--propagation', 'private', 'sh', ENTER, this.root, this.#cgroup];
    const child = spawn('unshare', [...apart, ...command], {
      // a new session, so that it has no terminal
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      // in the environment, since every user can read arguments
      env: { ...this.#environment, PATH: process.env['PATH'], [INSIDE]: '1', CI: 'true' },
    });
    for (const name of ['stdout', 'stderr'] as const)
      createInterface({ input: child[name] }).on('line', line => onLine(line, name));
    const [code, signal] = await once(child, 'close');
    return code ?? signal;
  }

  /** Command lines of the processes that still run in it. */
  running(): string[] {
    return readFileSync(join(this.#cgroup, 'cgroup.procs'), 'utf8')
      .split('\n')
      .filter(pid => pid !== '')
      .map(commandLine)
      .filter(line => line !== '');
  }

  /** Kills its processes and removes it. @throws Error when some of it is left */
  end(): Promise<void> {
    this.#ended ??= (async () => {
      const exited = once(this.#end, 'exit');
      this.#end.stdin?.end();
      const [code] = await exited;
      if (code !== 0) throw new Error(`failed to remove the fresh system ${this.root}: status ${code}`);
    })();
    return this.#ended;
  }

  #layOut(archive: string, files: HostConfiguration['files']): void {
    execFileSync('tar', ['-C', this.root, '--numeric-owner', '-xpf', archive]);
    // as in Debian's container images: a temporary system need not wait for the disk
    writeFileSync(join(this.root, 'etc/dpkg/dpkg.cfg.d/unsafe-io'), 'force-unsafe-io\n');
    for (const [path, content] of files) {
      const target = join(this.root, path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, content, { mode: path.startsWith('/root/') ? 0o600 : 0o644 });
    }
    // through a bundle: git refuses to clone a folder of another user
    const bundle = join(dirname(this.root), 'repository.bundle');
    const git = ['-c', `safe.directory=${REPOSITORY}`, '-C', REPOSITORY];
    execFileSync('git', [...git, 'bundle', 'create', '--quiet', bundle, 'HEAD']);
    execFileSync('git', ['clone', '--quiet', bundle, this.clone], { stdio: ['ignore', 'ignore', 'pipe'] });
    rmSync(bundle);
  }
}

/** Empty when the process has ended. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
