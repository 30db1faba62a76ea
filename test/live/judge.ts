import type { HookName } from '../../src/capture/event.ts';
import type { Act, GroundTruth } from './act.ts';
import { ancestorsOf, type ConsoleRecord, numberOf } from './console-record.ts';
import type { Expectation, Scenario } from './scenario.ts';

/** What was observed of one attack, before the comparison with its ground truth. */
export interface Observation {
  readonly truth: GroundTruth;
  /** Everything the sidecar reported between the attack's start and the fence after its end. */
  readonly records: readonly ConsoleRecord[];
  /** The kind of program that serves the scenario's capability. */
  readonly hook?: HookName | undefined;
  /** The pid the runner gave the attack, where it knows; descendants of it belong to the attack. */
  readonly pid?: number | undefined;
  /** Runs of the programs that the kernel skipped meanwhile; see `Sidecar.skippedRuns`. */
  readonly skippedRuns?: number;
  /** Events that the sidecar has reported as lost meanwhile, whoever caused them; see `Sidecar.lost`. */
  readonly lost?: number;
}

export interface Verdict {
  /** `limit`: not seen, as the hook's documented limit explains. `skip`: the machine cannot run the attack. */
  readonly status: 'pass' | 'fail' | 'limit' | 'skip';
  /** Every expected record came, and no other. */
  readonly seen: boolean;
  readonly rightTarget: boolean;
  readonly rightOutcome: boolean;
  /** What is wrong, or the limit, or the reason of the skip; empty on a pass. */
  readonly reasons: readonly string[];
}

interface Difference {
  readonly about: 'target' | 'outcome' | 'missing' | 'other';
  readonly text: string;
  /** The record lacks the value; it does not have a wrong one. */
  readonly isUnknown?: boolean;
}

/** A record's timestamp must lie in the act, give or take this: the contract of the record's Timestamp. */
const TIME_TOLERANCE_NS = 50_000_000n;

/** Beyond this delay a process that ended at once may be gone before the sidecar looks it up. */
const LATE_NS = 1_000_000_000n;

const MOVES_BYTES: ReadonlySet<string> = new Set(['proc_mem_read', 'proc_mem_write']);
/** Methods whose records say how many bytes moved. */
const COUNTS_BYTES: ReadonlySet<string> = new Set([...MOVES_BYTES, 'process_vm_readv', 'process_vm_writev']);

/** Prefix of the sidecar's records about itself, which belong to no attack. */
const ABOUT_ITSELF = 'memwarden.';

/**
 * Compares the records with the ground truth of the attack. A missing record or value is a limit where the hook has one, or
 * where it was measured that the kernel skipped programs, that events were lost or that the record was read late. None of
 * these excuses a wrong value.
 */
export function judge(
  scenario: Scenario,
  { truth, records, hook, pid: rootPid, skippedRuns = 0, lost = 0 }: Observation,
): Verdict {
  if (truth.skip !== undefined) return verdict('skip', [truth.skip]);
  if (truth.acts.length === 0) return verdict('fail', ['the attack printed no ground truth']);

  const pids = new Set(truth.acts.map(act => act.actor_pid));
  if (rootPid !== undefined) pids.add(rootPid);
  const left = records.filter(record => belongs(record, pids));
  const differences: Difference[] = [];
  const limits = new Set<string>();
  let missing = 0;
  let latestNs = 0n;
  for (const expectation of scenario.expect) {
    const act = truth.acts[expectation.act ?? 0];
    if (act === undefined) {
      differences.push({ about: 'other', text: `the attack printed no act ${expectation.act}` });
      continue;
    }
    const best = bestMatch(expectation, act, left);
    if (best === undefined) {
      const limit = limitOf(expectation, hook, records);
      if (limit !== undefined) {
        limits.add(limit);
        continue;
      }
      missing++;
      differences.push({ about: 'missing', text: `no ${expectation.eventName} (${expectation.method})` });
      continue;
    }
    left.splice(left.indexOf(best.record), 1);
    differences.push(...best.differences);
    const delayNs = unixNs(best.record.observedTimestamp) - unixNs(best.record.timestamp);
    if (delayNs > latestNs) latestNs = delayNs;
  }

  const unexpected = left.filter(
    record => !scenario.allow?.includes(record.eventName) && !isEvidenceOfUse(record),
  );
  const unknown = hook === undefined ? undefined : scenario.unknownOutcome?.[hook];
  if (
    unknown !== undefined &&
    unexpected.length === 0 &&
    differences.length > 0 &&
    differences.every(claimsNoOutcome)
  ) {
    return verdict('limit', [unknown]);
  }
  const unseen = whyUnseen(skippedRuns, lost);
  if (
    unseen !== undefined &&
    unexpected.length === 0 &&
    differences.length > 0 &&
    differences.every(difference => difference.about === 'missing' || claimsNoOutcome(difference))
  ) {
    return verdict('limit', [unseen]);
  }
  if (
    latestNs > LATE_NS &&
    unexpected.length === 0 &&
    differences.length > 0 &&
    differences.every(({ isUnknown }) => isUnknown)
  ) {
    return verdict('limit', [
      `read ${latestNs / 1_000_000n} ms after the act, when the processes were gone: others flood this machine`,
    ]);
  }
  const reasons = differences.map(({ text }) => text);
  for (const record of unexpected) reasons.push(`unexpected ${record.eventName}: ${record.body}`);
  if (reasons.length === 0 && limits.size > 0) return verdict('limit', [...limits]);
  return {
    status: reasons.length === 0 ? 'pass' : 'fail',
    seen: missing === 0 && unexpected.length === 0,
    rightTarget: missing === 0 && differences.every(({ about }) => about !== 'target'),
    rightOutcome: missing === 0 && differences.every(({ about }) => about !== 'outcome'),
    reasons,
  };
}

/** Measured reason for which a record or an outcome may be missing; undefined: none. */
function whyUnseen(skippedRuns: number, lost: number): string | undefined {
  if (skippedRuns > 0)
    return `the kernel skipped ${skippedRuns} runs of the programs: another task was preempted in them`;
  return lost > 0 ? `${lost} events were lost meanwhile: others flood this machine` : undefined;
}

/** Why this hook cannot give the expected record on this kernel; undefined when it can. */
function limitOf(
  { limits = [] }: Expectation,
  hook: HookName | undefined,
  records: readonly ConsoleRecord[],
): string | undefined {
  const release = String(records[0]?.resource['os.version']);
  return limits.find(
    limit =>
      limit.hook === (hook ?? 'none') && (limit.before === undefined || isBefore(release, limit.before)),
  )?.reason;
}

/** Whether a kernel release, `6.12.95+deb12-cloud-amd64`, is older than a version, `6.12`. */
function isBefore(release: string, version: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map(part => Number.parseInt(part, 10));
  const [otherMajor = 0, otherMinor = 0] = version.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/** Whoever opens or steals a memory file mostly uses it, which is reported as well where bytes are counted. */
function isEvidenceOfUse({ attributes }: ConsoleRecord): boolean {
  return MOVES_BYTES.has(String(attributes['memwarden.access.method']));
}

function claimsNoOutcome({ about, text }: Difference): boolean {
  return about === 'outcome' && text.includes(' is undefined, not ');
}

function verdict(status: 'fail' | 'limit' | 'skip', reasons: readonly string[]): Verdict {
  return { status, seen: false, rightTarget: false, rightOutcome: false, reasons };
}

function belongs(record: ConsoleRecord, pids: ReadonlySet<number>): boolean {
  if (record.eventName.startsWith(ABOUT_ITSELF)) return false;
  const actor = numberOf(record, 'process.pid');
  return (actor !== undefined && pids.has(actor)) || ancestorsOf(record).some(pid => pids.has(pid));
}

/** Of the records with the expected name and method, the one that differs least. */
function bestMatch(expectation: Expectation, act: Act, records: readonly ConsoleRecord[]) {
  return records
    .filter(
      record =>
        record.eventName === expectation.eventName &&
        record.attributes['memwarden.access.method'] === expectation.method,
    )
    .map(record => ({ record, differences: compare(expectation, act, record) }))
    .sort((a, b) => a.differences.length - b.differences.length)[0];
}

function compare(expectation: Expectation, act: Act, record: ConsoleRecord): readonly Difference[] {
  const differences: Difference[] = [];
  const check = (about: Difference['about'], name: string, actual: unknown, expected: unknown): void => {
    if (actual !== expected) {
      const text = `${expectation.eventName} ${name} is ${actual}, not ${expected}`;
      differences.push({ about, text, isUnknown: actual === undefined });
    }
  };
  const attribute = (about: Difference['about'], name: string, expected: unknown): void =>
    check(about, name, record.attributes[name], expected);

  attribute('other', 'security_rule.uuid', expectation.id);
  attribute('other', 'memwarden.severity', expectation.severity);
  attribute('other', 'memwarden.access.mode', expectation.mode);
  for (const [name, value] of Object.entries(expectation.attributes ?? {})) attribute('other', name, value);

  attribute('other', 'process.pid', act.actor_pid);
  attribute('other', 'process.parent_pid', act.actor_ppid);
  attribute('other', 'process.vpid', act.actor_vpid === act.actor_pid ? undefined : act.actor_vpid);
  attribute('other', 'process.executable.path', act.executable);
  // io_uring may do the work on a thread of the kernel's own making, within the actor's thread group
  if (act.request !== 'io_uring') attribute('other', 'thread.id', act.actor_tid);

  if (expectation.id !== undefined) attribute('other', 'pid', act.actor_pid);
  if (act.target_pid !== undefined) {
    attribute('target', 'target_pid', act.target_pid);
    attribute('target', 'memwarden.target.process.pid', act.target_pid);
    attribute(
      'target',
      'memwarden.target.process.vpid',
      act.target_vpid === act.target_pid ? undefined : act.target_vpid,
    );
    attribute('target', 'memwarden.self_access', act.target_pid === act.actor_pid);
    attribute('target', 'memwarden.target_is_descendant', act.descendant);
    if (act.target_executable !== undefined) {
      attribute('target', 'memwarden.target.process.executable.path', act.target_executable);
    }
  }

  attribute('outcome', 'event.outcome', act.outcome);
  attribute('outcome', 'error.type', act.errno);
  if (act.path !== undefined) attribute('other', 'pathname', act.path);
  if (act.flags !== undefined) {
    check('other', 'flags', comparableFlags(record.attributes['flags']), comparableFlags(act.flags));
  }
  if (act.bytes !== undefined && COUNTS_BYTES.has(expectation.method))
    attribute('other', 'memwarden.access.bytes', act.bytes);
  if (act.address !== undefined) attribute('target', 'memwarden.memory.address', act.address);
  differences.push(...compareTime(act, record));
  return differences;
}

/** Flags of the caller that the file does not have, or the other way round. */
const NOT_THE_FILES = new Set([
  'O_LARGEFILE', // added by the kernel: force_o_largefile()
  'O_CLOEXEC', // a property of the descriptor: stripped by build_open_flags()
  'O_CREAT', // about the opening alone, as the next two: cleared by do_dentry_open()
  'O_EXCL',
  'O_TRUNC',
]);

function comparableFlags(flags: unknown): string {
  return String(flags)
    .split('|')
    .filter(flag => !NOT_THE_FILES.has(flag))
    .sort()
    .join('|');
}

function compareTime(act: Act, { eventName, timestamp }: ConsoleRecord): readonly Difference[] {
  const at = unixNs(timestamp);
  const after = BigInt(act.after_unix_ns) - at;
  const before = at - BigInt(act.before_unix_ns);
  if (before >= -TIME_TOLERANCE_NS && after >= -TIME_TOLERANCE_NS) return [];
  const milliseconds = Number(before < 0n ? before : -after) / 1e6;
  return [{ about: 'other', text: `${eventName} timestamp is ${milliseconds} ms off the act` }];
}

/** ISO 8601 with up to nine decimals, as ns since the Unix epoch. */
function unixNs(timestamp: string): bigint {
  const [, seconds = '', fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(timestamp) ?? [];
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}
