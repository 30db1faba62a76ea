import { constants } from 'node:os';
import type { CapturedEvent, ProcessIdentity } from '../capture/event.ts';
import type { Canonical } from '../capture/identity.ts';
import type { Mount } from './mount-table.ts';
import { type Procfs, startTicksOf } from './procfs.ts';
import { createTaskFinder } from './task-finder.ts';
import { type Destination, followText } from './text-path.ts';

/** Errors of a path that does not exist: no memory file was refused. */
const NOWHERE: ReadonlySet<number> = new Set([
  -constants.errno.ENOENT,
  -constants.errno.ENOTDIR,
  -constants.errno.ELOOP,
  -constants.errno.ENAMETOOLONG,
  -constants.errno.EFAULT,
]);

/** How many parents of a target are compared with the actor. */
const ANCESTORS_MAX = 32;

/** Memory files of procfs: of a process, by pid or `self`, or of the kernel. */
const MEMORY = /^(?:(?:(\d+)|(?:thread-)?self)(?:\/task\/\d+)?\/mem|(kcore))$/;

/** The mount that is assumed when the caller is gone, and its mount table with it. */
const USUAL_MOUNT: Mount = { root: '/', mountPoint: '/proc', type: 'proc' };

/**
 * Completes an open that was refused before the kernel had a file (no permission on the file or a directory). Only the path
 * text of the caller was captured, which is relative to the caller's root, directory, mounts and pid namespace.
 */
export interface TextResolver {
  /** The event with its target, if that can be found; undefined when the text does not lead to a memory file. */
  resolve(event: CapturedEvent): CapturedEvent | undefined;
}

export function createTextResolver(procfs: Procfs): TextResolver {
  const finder = createTaskFinder(procfs);

  function destinationOf(event: CapturedEvent, text: string): Destination {
    const { actor } = event;
    const alive = procfs.stat(actor.tgid)?.startTicks === startTicksOf(actor.startTimeNs);
    const followed = alive ? followText(procfs, actor, text, event.descriptor) : undefined;
    if (followed !== undefined) return followed;
    // the caller's mounts are gone: only a text that names procfs can be interpreted
    const inside = /^\/+proc\/+(.*)$/.exec(text)?.[1];
    if (inside === undefined) return { procfs: false };
    return { procfs: true, path: text, inside: inside.replace(/\/+/g, '/'), mount: USUAL_MOUNT };
  }

  function isDescendant(target: ProcessIdentity, ancestor: number): boolean {
    let pid = target.ppid;
    for (let step = 0; step < ANCESTORS_MAX && pid > 1; step++) {
      if (pid === ancestor) return true;
      pid = procfs.stat(pid)?.ppid ?? 0;
    }
    return false;
  }

  function resolve(event: CapturedEvent): CapturedEvent | undefined {
    if (event.result !== undefined && NOWHERE.has(event.result)) return undefined;
    const text = event.requestedPath ?? event.path;
    const destination = text === undefined ? undefined : destinationOf(event, text);
    if (!destination?.procfs) return undefined;
    const match = MEMORY.exec(destination.inside);
    if (match === null) return undefined;
    const [, number, kcore] = match;
    const { path } = destination;
    const { actor, kind } = event;
    if (kcore !== undefined) return { ...event, kind: kind === 'repeat' ? kind : 'kcore_open', path };

    const found: Canonical<ProcessIdentity> | undefined =
      number === undefined ? actor : finder.find(Number(number), actor, destination.mount);
    // a process that started after the event has only reused the pid
    const target = found !== undefined && found.startTimeNs <= event.timeNs ? found : undefined;
    return {
      ...event,
      kind: kind === 'repeat' ? kind : 'proc_mem_open',
      path,
      target,
      selfAccess: target?.tgid === actor.tgid,
      targetIsDescendant: target !== undefined && isDescendant(target, actor.tgid),
    };
  }

  return { resolve };
}
