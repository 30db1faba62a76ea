import type { Actor, CapturedEvent, ProcessIdentity } from '../../src/capture/event.ts';
import { type Canonical, canonical } from '../../src/capture/identity.ts';
import type { EnrichedEvent } from '../../src/enrich/event.ts';

/** 2026-01-01T00:00:00Z, the moment at which the boot clock of built events is zero: ns since the Unix epoch. */
export const BOOT_UNIX_NS = 1_767_225_600_000_000_000n;

/** A process that is not in a container, for example the target. */
export function buildProcess(fields: Partial<ProcessIdentity> = {}): Canonical<ProcessIdentity> {
  const tgid = fields.tgid ?? 4242;
  return canonical({
    tgid,
    tid: tgid,
    vtgid: tgid,
    ppid: 1,
    uid: 0,
    euid: 0,
    gid: 0,
    loginuid: undefined,
    startTimeNs: 5_000_000_000n,
    cgroupId: 1n,
    pidNamespace: 4_026_531_836,
    mountNamespace: 4_026_531_841,
    comm: 'Runner.Worker',
    executablePath: '/opt/runner/bin/Runner.Worker',
    cgroupPath: '/system.slice/runner.service',
    ...fields,
  });
}

/** The process that acts. */
export function buildActor(fields: Partial<Actor> = {}): Canonical<Actor> {
  return canonical({
    ...buildProcess({
      tgid: 4711,
      ppid: 4700,
      uid: 1000,
      euid: 1000,
      gid: 1000,
      startTimeNs: 60_000_000_000n,
      comm: 'python3',
      executablePath: '/usr/bin/python3.11',
      cgroupPath: '/user.slice/user-1000.slice/session-1.scope',
    }),
    ancestors: [
      { tgid: 4700, comm: 'bash' },
      { tgid: 1, comm: 'systemd' },
    ],
    arguments: ['python3', 'dump.py'],
    ...fields,
  });
}

/** A captured event: by default, python3 opens the memory of Runner.Worker for reading and succeeds. */
export function buildCapturedEvent(fields: Partial<CapturedEvent> = {}): CapturedEvent {
  return {
    kind: 'proc_mem_open',
    timeNs: 90_000_000_000n,
    cpu: 0,
    sequence: 1n,
    hook: 'lsm',
    method: 'open',
    actor: buildActor(),
    target: buildProcess(),
    selfAccess: false,
    targetIsDescendant: false,
    ioUring: false,
    compat: false,
    byText: false,
    tracemeChild: false,
    result: 3,
    flags: 0,
    path: '/proc/4242/mem',
    requestedPath: undefined,
    device: 23,
    inode: 54_321n,
    ctimeNs: 0n,
    address: 0n,
    sizeBytes: 0n,
    protection: 0,
    previousProtection: 0,
    namedPid: 4242,
    descriptor: undefined,
    repeatCount: 0n,
    repeatFirstNs: 0n,
    ...fields,
  };
}

/** The same, enriched: `timeUnixNs` follows `timeNs`, observed one millisecond later. */
export function buildEnrichedEvent(fields: Partial<EnrichedEvent> = {}): EnrichedEvent {
  const captured = buildCapturedEvent(fields);
  const timeUnixNs = BOOT_UNIX_NS + captured.timeNs;
  return {
    ...captured,
    timeUnixNs,
    observedTimeUnixNs: timeUnixNs + 1_000_000n,
    actorDetails: { commandLine: 'python3 dump.py', workingDirectory: '/home/user', userName: 'user' },
    targetDetails: { commandLine: '/opt/runner/bin/Runner.Worker spawnclient' },
    crossContainer: captured.target === undefined ? undefined : false,
    ...fields,
  };
}
