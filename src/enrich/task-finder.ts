import { LRUCache } from 'lru-cache';
import type { Actor, ProcessIdentity } from '../capture/event.ts';
import { type Canonical, canonical } from '../capture/identity.ts';
import type { Mount } from './mount-table.ts';
import { type Procfs, startTimeOf } from './procfs.ts';
import { taskDirectory } from './text-path.ts';

/** A search of all processes takes milliseconds, and an attacker can cause one with each refused open: so it is limited. */
const SEARCHES_PER_SECOND_MAX = 10;

const FOUND_MAX = 1024;

/** linux/audit.h AUDIT_UID_UNSET as a number. */
const LOGINUID_UNSET = 4_294_967_295;

/** Finds the process for a pid as another process sees it, in its own pid namespace. */
export interface TaskFinder {
  /**
   * @param number name of its directory in the procfs at `mount`, as `actor` sees it
   * @returns undefined when the process is gone or cannot be identified
   */
  find(number: number, actor: Actor, mount: Mount): Canonical<ProcessIdentity> | undefined;
}

/** The numbers in a line of a status file, `NSpid:\t12\t3`. */
function numbersOf(status: string, field: string): readonly number[] {
  const line = new RegExp(`^${field}:(.*)$`, 'm').exec(status)?.[1] ?? '';
  return line.trim().split(/\s+/).map(Number);
}

function namespaceOf(procfs: Procfs, pid: number, name: string): number {
  return Number(/\[(\d+)\]/.exec(procfs.link(`${pid}/ns/${name}`) ?? '')?.[1] ?? 0);
}

/** A process (or the process of a thread) as procfs describes it; undefined when it is gone. */
function identityOf(procfs: Procfs, task: number): Canonical<ProcessIdentity> | undefined {
  const status = procfs.read(`${task}/status`);
  const tgid = status === undefined ? undefined : numbersOf(status, 'Tgid')[0];
  const stat = tgid === undefined ? undefined : procfs.stat(tgid);
  if (status === undefined || tgid === undefined || stat === undefined) return undefined;
  const [uid = 0, euid = 0] = numbersOf(status, 'Uid');
  const [gid = 0] = numbersOf(status, 'Gid');
  const loginuid = Number(procfs.read(`${tgid}/loginuid`) ?? LOGINUID_UNSET);
  return canonical({
    tgid,
    tid: task,
    vtgid: numbersOf(status, 'NStgid').at(-1) ?? tgid,
    ppid: stat.ppid,
    uid,
    euid,
    gid,
    loginuid: loginuid === LOGINUID_UNSET ? undefined : loginuid,
    startTimeNs: startTimeOf(stat.startTicks),
    cgroupId: 0n,
    pidNamespace: namespaceOf(procfs, tgid, 'pid'),
    mountNamespace: namespaceOf(procfs, tgid, 'mnt'),
    comm: stat.comm,
    executablePath: procfs.link(`${tgid}/exe`)?.replace(/ \(deleted\)$/, ''),
    cgroupPath: undefined,
  });
}

export function createTaskFinder(procfs: Procfs): TaskFinder {
  const found = new LRUCache<string, number>({ max: FOUND_MAX });
  let searches = 0;
  let second = 0;

  function mayLookThroughAll(): boolean {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) {
      second = now;
      searches = 0;
    }
    searches += 1;
    return searches <= SEARCHES_PER_SECOND_MAX;
  }

  function search(number: number, startTicks: bigint, comm: string): number | undefined {
    if (!mayLookThroughAll()) return undefined;
    return procfs.processes().find(pid => {
      const stat = procfs.stat(pid);
      if (stat?.startTicks !== startTicks || stat.comm !== comm) return false;
      return numbersOf(procfs.read(`${pid}/status`) ?? '', 'NSpid').includes(number);
    });
  }

  function find(number: number, actor: Actor, mount: Mount): Canonical<ProcessIdentity> | undefined {
    // in a bind mount of a directory inside procfs there are no directories of other processes
    const theirs =
      mount.root === '/'
        ? procfs.stat(`${taskDirectory(actor)}/root${mount.mountPoint}/${number}`)
        : undefined;
    const ours = procfs.stat(number);
    if (theirs === undefined) return actor.tgid === actor.vtgid ? identityOf(procfs, number) : undefined;
    if (ours?.startTicks === theirs.startTicks && ours.comm === theirs.comm)
      return identityOf(procfs, number);

    const key = `${actor.pidNamespace} ${number} ${theirs.startTicks}`;
    const pid = found.get(key) ?? search(number, theirs.startTicks, theirs.comm);
    if (pid === undefined) return undefined;
    found.set(key, pid);
    return identityOf(procfs, pid);
  }

  return { find };
}
