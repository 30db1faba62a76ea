import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { ProcessIdentity } from '../capture/event.ts';
import { type Canonical, IdentityCache } from '../capture/identity.ts';
import { type Container, containerOfCgroupFile, containerOfCgroupPath } from './container.ts';
import type { ProcessDetails } from './event.ts';
import { type Procfs, startTicksOf } from './procfs.ts';
import { redactArguments } from './redact.ts';
import type { UserNames } from './user-names.ts';

/** How long what was read of a process is taken as true: it may change its directory, or execute the same file again. */
const FRESH_MILLIS = 1000;

/** Longest command line that is told, characters. */
const COMMAND_LINE_LENGTH_MAX = 8192;

/** Characters of the arguments that are kept to be compared; the kernel records no more than 256 bytes. */
const COMPARED_LENGTH_MAX = 256;

/** Most characters of what is remembered of processes; long command lines of many of them must not fill the memory. */
const REMEMBERED_LENGTH_MAX = 16 * 1024 * 1024;
/** What a process takes beside its command line, roughly. */
const REMEMBERED_LENGTH_MIN = 512;

export interface ProcessFactsOptions {
  readonly procfs: Procfs;
  readonly userNames: UserNames;
  readonly redact: boolean;
  readonly processesMax: number;
}

/** What procfs says of a process, remembered for as long as it is the same process that runs the same program. */
export interface ProcessFacts {
  /**
   * @param identity the process as the kernel saw it
   * @param recorded its arguments as the kernel recorded them, possibly cut short; empty when it did not. The same object must
   * always come with the same arguments.
   * @param nowMillis performance.now(): asked once for both sides of an event
   */
  detailsOf(
    identity: Canonical<ProcessIdentity>,
    recorded: readonly string[],
    nowMillis: number,
  ): ProcessDetails;
}

/** Everything that, when it differs, makes remembered facts those of another program. */
interface Known {
  readonly details: ProcessDetails;
  readonly arguments: string;
  readonly comm: string;
  readonly executablePath: string | undefined;
  readonly cgroupPath: string | undefined;
  readonly euid: number;
  readonly readAtMillis: number;
}

/** What was read of a process that is proven to be the one that is meant. */
interface Living {
  readonly arguments: string;
  readonly workingDirectory: string | undefined;
  readonly cgroupFile: string | undefined;
}

/**
 * The kernel records what ran at the moment of the event, but at most 256 bytes of it; procfs has all of it, but maybe
 * of the program that was executed since. Procfs counts when it continues what the kernel recorded.
 */
function continues(living: string, recorded: string): boolean {
  // the cut may have gone through a character
  return living.startsWith(recorded.replace(/\uFFFD+$/, ''));
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

  function readLiving(identity: ProcessIdentity, wantCgroup: boolean): Living | undefined {
    const { tgid } = identity;
    const commandLine = procfs.read(`${tgid}/cmdline`);
    const workingDirectory = procfs.link(`${tgid}/cwd`);
    const cgroupFile = wantCgroup ? procfs.read(`${tgid}/cgroup`) : undefined;
    // Last: had the pid been taken over before any of these reads, the start time would be the newcomer's.
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
    // A container has names of its own; root is root everywhere since ids are those of the initial user namespace.
    if (container.containerId !== undefined && identity.euid !== 0) return undefined;
    return userNames.lookup(identity.euid);
  }

  function read(identity: ProcessIdentity, recorded: string, before: Known | undefined): Known {
    const named = containerOfCgroupPath(identity.cgroupPath ?? '');
    const living = readLiving(identity, named.containerId === undefined);
    if (living === undefined && before !== undefined) return { ...before, readAtMillis: performance.now() };
    const args = living !== undefined && continues(living.arguments, recorded) ? living.arguments : recorded;
    const container =
      named.containerId === undefined ? containerOfCgroupFile(living?.cgroupFile ?? '') : named;
    const commandLine = commandLineOf(args);
    const userName = userNameOf(identity, container);
    const details: ProcessDetails = {
      ...(commandLine === undefined ? {} : { commandLine }),
      ...(living?.workingDirectory === undefined ? {} : { workingDirectory: living.workingDirectory }),
      ...(userName === undefined ? {} : { userName }),
      ...named,
      ...container,
    };
    return {
      // the same object, by which later stages remember what they made of it
      details: before !== undefined && isDeepStrictEqual(before.details, details) ? before.details : details,
      // a copy: a slice of a string keeps the whole of it
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
      continues(cached.arguments, recorded);
    if (same && performance.now() - cached.readAtMillis < FRESH_MILLIS) return cached;
    const known = read(identity, recorded, same ? cached : undefined);
    cache.set(key, known);
    return known;
  }

  return { detailsOf };
}
