import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import type { Actor } from '../../../src/capture/event.ts';
import type { Canonical } from '../../../src/capture/identity.ts';
import { createProcfs, startTimeOf } from '../../../src/enrich/procfs.ts';
import { buildActor } from '../event-builder.ts';

const procfs = createProcfs('/proc');

/** Starts a process that prints a line when it is ready; it is killed after the test. */
export async function startProcess(
  t: TestContext,
  command: string,
  args: readonly string[],
  cwd = '/',
): Promise<ChildProcess & { pid: number }> {
  const child = spawn(command, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  if (child.pid === undefined) throw new Error(`${command} did not start`);
  return Object.assign(child, { pid: child.pid });
}

/** A running process, described as the kernel describes an actor. */
export function actorOf(pid: number, fields: Partial<Actor> = {}): Canonical<Actor> {
  const stat = procfs.stat(pid);
  if (stat === undefined) throw new Error(`there is no process ${pid}`);
  const numbers = /^NStgid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.split(/\s+/);
  return buildActor({
    tgid: pid,
    tid: pid,
    vtgid: Number(numbers?.at(-1) ?? pid),
    ppid: stat.ppid,
    uid: 0,
    euid: 0,
    // procfs has a resolution of 10 ms; the kernel's own time is somewhere within
    startTimeNs: startTimeOf(stat.startTicks) + 1_234_567n,
    comm: stat.comm,
    executablePath: procfs.link(`${pid}/exe`),
    cgroupPath: undefined,
    arguments: [],
    ...fields,
  });
}
