import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { ProcessIdentity } from '../capture/event.ts';
import { type Canonical, IdentityCache } from '../capture/identity.ts';
import { type Container, containerOfCgroupFile, containerOfCgroupPath } from './container.ts';
import type { ProcessDetails } from './event.ts';
import { type Procfs, startTicksOf } from './procfs.ts';
import { redactArguments } from './redact.ts';
import type { UserNames } from './user-names.ts';

/** How long facts from procfs are used: a process may change its directory, or execute the same file again. */
const FRESH_MILLIS = 1000;

/** Longest command line that is reported, characters. */
const COMMAND_LINE_LENGTH_MAX = 4096;

/** Characters of the arguments that are kept for comparison; the kernel records at most 256 bytes. */
const COMPARED_LENGTH_MAX = 256;

/** Most characters in the cache: long command lines of many processes must not fill the memory. */
const REMEMBERED_LENGTH_MAX = 16 * 1024 * 1024;
/** Approximate size of an entry beside its command line. */
const REMEMBERED_LENGTH_MIN = 512;

export interface ProcessFactsOptions {
  readonly procfs: Procfs;
  readonly userNames: UserNames;
  readonly redact: boolean;
  readonly processesMax: number;
}

/** Details of a process from procfs, cached while it is the same process and runs the same program. */
export interface ProcessFacts {
  /**
   * @param identity the process as the kernel saw it
   * @param recorded its arguments as the kernel recorded them, possibly cut short; empty when it did not. The same object
   * must always come with the same arguments.
   * @param nowMillis performance.now(), read once for both sides of an event
   */
  detailsOf(
    identity: Canonical<ProcessIdentity>,
    recorded: readonly string[],
    nowMillis: number,
  ): ProcessDetails;
}

/** Cached details, and the fields that show whether they are still those of the same program. */
interface Known {
  readonly details: ProcessDetails;
  readonly arguments: string;
  readonly comm: string;
  readonly executablePath: string | undefined;
  readonly cgroupPath: string | undefined;
  readonly euid: number;
  readonly readAtMillis: number;
}

/** Reads from procfs; the start time has proven that they are of the process in question. */
interface ProcfsFacts {
  readonly arguments: string;
  readonly workingDirectory: string | undefined;
  readonly cgroupFile: string | undefined;
}

/**
 * Whether the arguments in procfs extend those that the kernel recorded. The kernel's are those at the moment of the event,
 * but at most 256 bytes. Those of procfs are complete, but may be of a program that was executed since; they are used only
 * if they extend the recorded ones.
 */
function isExtension(current: string, recorded: string): boolean {
  // the kernel may have cut the last character in two
  return current.startsWith(recorded.replace(/\uFFFD+$/, ''));
}

export function createProcessFacts(options: ProcessFactsOptions): ProcessFacts {
  const { procfs, userNames, redact } = options;
  const cache = new LRUCache<string, Known>({
    max: options.processesMax,
    maxSize: REMEMBERED_LENGTH_MAX,
    sizeCalculation: ({ details }) => REMEMBERED_LENGTH_MIN + (details.commandLine?.length ?? 0),
  });
  /** Answers most events of a storm. procfs is asked again after FRESH_MILLIS, since it may have changed meanwhile. */
  const latest = new IdentityCache<Canonical<ProcessIdentity>, Known>();

  function readProcfs(identity: ProcessIdentity, wantCgroup: boolean): ProcfsFacts | undefined {
    const { tgid } = identity;
    const commandLine = procfs.read(`${tgid}/cmdline`);
    const workingDirectory = procfs.link(`${tgid}/cwd`);
    const cgroupFile = wantCgroup ? procfs.read(`${tgid}/cgroup`) : undefined;
    // read last: if the pid was reused before any of the reads above, this is the start time of the new process
    if (commandLine === undefined || procfs.stat(tgid)?.startTicks !== startTicksOf(identity.startTimeNs))
      return undefined;
    return { arguments: commandLine.replace(/\0+$/, ''), workingDirectory, cgroupFile };
  }

  function commandLineOf(args: string): string | undefined {
    if (args === '') return undefined;
    const words = args.slice(0, COMMAND_LINE_LENGTH_MAX).split('\0');
    const text = (redact ? redactArguments(words) : words).join(' ');
    return args.length > COMMAND_LINE_LENGTH_MAX ? `${text}…` : text;
  }

  function userNameOf(identity: ProcessIdentity, container: Container): string | undefined {
    // a container has its own user names; uid 0 is root everywhere, since ids are those of the initial user namespace
    if (container.containerId !== undefined && identity.euid !== 0) return undefined;
    return userNames.lookup(identity.euid);
  }

  function read(identity: ProcessIdentity, recorded: string, before: Known | undefined): Known {
    const named = containerOfCgroupPath(identity.cgroupPath ?? '');
    const current = readProcfs(identity, named.containerId === undefined);
    if (current === undefined && before !== undefined) return { ...before, readAtMillis: performance.now() };
    const args =
      current !== undefined && isExtension(current.arguments, recorded) ? current.arguments : recorded;
    const container =
      named.containerId === undefined ? containerOfCgroupFile(current?.cgroupFile ?? '') : named;
    const commandLine = commandLineOf(args);
    const userName = userNameOf(identity, container);
    const details: ProcessDetails = {
      ...(commandLine === undefined ? {} : { commandLine }),
      ...(current?.workingDirectory === undefined ? {} : { workingDirectory: current.workingDirectory }),
      ...(userName === undefined ? {} : { userName }),
      ...named,
      ...container,
    };
    return {
      // equal details stay the same object: later stages compare it to know whether their cached results still hold
      details: before !== undefined && isDeepStrictEqual(before.details, details) ? before.details : details,
      // a copy, since a slice would keep the whole string in memory
      arguments: Buffer.from(args.slice(0, COMPARED_LENGTH_MAX)).toString(),
      comm: identity.comm,
      executablePath: identity.executablePath,
      cgroupPath: identity.cgroupPath,
      euid: identity.euid,
      readAtMillis: performance.now(),
    };
  }

  function detailsOf(
    identity: Canonical<ProcessIdentity>,
    recorded: readonly string[],
    nowMillis: number,
  ): ProcessDetails {
    let known = latest.get(identity);
    if (known === undefined || nowMillis - known.readAtMillis >= FRESH_MILLIS) {
      known = find(identity, recorded);
      latest.set(identity, known);
    }
    return known.details;
  }

  function find(identity: ProcessIdentity, recordedArguments: readonly string[]): Known {
    const key = `${identity.tgid}:${identity.startTimeNs}`;
    const recorded = recordedArguments.join('\0');
    const cached = cache.get(key);
    const same =
      cached !== undefined &&
      cached.comm === identity.comm &&
      cached.executablePath === identity.executablePath &&
      cached.cgroupPath === identity.cgroupPath &&
      cached.euid === identity.euid &&
      isExtension(cached.arguments, recorded);
    if (same && performance.now() - cached.readAtMillis < FRESH_MILLIS) return cached;
    const known = read(identity, recorded, same ? cached : undefined);
    cache.set(key, known);
    return known;
  }

  return { detailsOf };
}
