import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readlink } from 'node:fs/promises';

/**
 * A shell that has opened the memory of a sleeping process for reading and keeps it open. Both can be read in procfs for as
 * long as this object lives.
 */
export class HeldOpen implements AsyncDisposable {
  readonly #actor: ChildProcess;
  readonly #target: ChildProcess;

  private constructor(actor: ChildProcess, target: ChildProcess) {
    this.#actor = actor;
    this.#target = target;
  }

  /** @param folder working directory of the shell. */
  static async start(folder: string): Promise<HeldOpen> {
    const target = spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(target, 'spawn');
    const script = 'exec 3<"/proc/$1/mem"; echo open; read -r _';
    const actor = spawn('sh', ['-c', script, 'sh', String(target.pid)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      cwd: folder,
    });
    await once(actor.stdout, 'data');
    return new HeldOpen(actor, target);
  }

  get actorPid(): number {
    return pidOf(this.#actor);
  }

  get targetPid(): number {
    return pidOf(this.#target);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = Promise.all([once(this.#actor, 'exit'), once(this.#target, 'exit')]);
    this.#actor.stdin?.end();
    this.#target.kill();
    await ended;
  }
}

/** Absolute path of a running process's executable. */
export function executableOf(pid: number): Promise<string> {
  return readlink(`/proc/${pid}/exe`);
}

/** argv of a running process, joined by blanks. */
export async function commandLineOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8');
  return text.slice(0, -1).replaceAll('\0', ' ');
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the process was not started');
  return pid;
}
