import assert from 'node:assert/strict';
import { constants as fsConstants } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { describe, test } from 'node:test';
import type { EventKind } from '../../src/capture/event.ts';
import { createEngine } from '../../src/detect/engine.ts';
import { errnoName } from '../../src/detect/kernel-names/errno.ts';
import { PTRACE } from '../../src/detect/kernel-names/ptrace-request.ts';
import type { EnrichedEvent } from '../../src/enrich/event.ts';
import { buildActor, buildEnrichedEvent, buildProcess } from '../unit/event-builder.ts';
import {
  loadConformanceCases,
  type OpenCase,
  type ProtectionCase,
  type SyscallCase,
} from './conformance-cases.ts';

const cases = loadConformanceCases();
const everything = ['signatures', 'base'];
const actor = buildActor();
const self = buildProcess({ ...actor });

function bits(text: string, values: Readonly<Record<string, number>>): number {
  return text.split('|').reduce((all, name) => {
    const value = values[name] ?? Number(name);
    assert.ok(Number.isInteger(value), `no value for ${name}`);
    return all | value;
  }, 0);
}

/** node:fs has no constant for O_CLOEXEC. */
const OPEN_FLAGS: Readonly<Record<string, number>> = { ...fsConstants, O_CLOEXEC: 0o2000000 };
const PROT_FLAGS = { PROT_NONE: 0, PROT_READ: 1, PROT_WRITE: 2, PROT_EXEC: 4 };

/** The kind that the kernel side gives to an open: by file system and file name, never by the path text. */
function kindOfOpen({ fs, dentry }: OpenCase): EventKind | undefined {
  if (fs !== 'proc') return undefined;
  if (dentry === 'mem') return 'proc_mem_open';
  return dentry === 'kcore' ? 'kcore_open' : undefined;
}

function openEvent(open: OpenCase, kind: EventKind): EnrichedEvent {
  const isSelf = open.target === 'self';
  const targets = new Map([
    ['self', self],
    ['child', buildProcess({ ppid: actor.tgid })],
    ['other-thread', buildProcess({ tid: 4250 })],
  ]);
  const target =
    typeof open.target === 'number' ? buildProcess({ tgid: open.target }) : targets.get(open.target ?? '');
  const errno = osConstants.errno as Readonly<Record<string, number>>;
  return buildEnrichedEvent({
    kind,
    actor,
    target: kind === 'kcore_open' ? undefined : (target ?? buildProcess()),
    selfAccess: isSelf,
    targetIsDescendant: open.target === 'child',
    flags: bits(open.flags, OPEN_FLAGS),
    result: open.errno === undefined ? 3 : -(errno[open.errno] ?? Number.NaN),
  });
}

describe('conformance: opens', () => {
  for (const open of cases.open) {
    test(open.case, () => {
      const kind = kindOfOpen(open);
      // the kernel side reports no other file than a memory file, unless a raw-event filter selects it
      const event = openEvent(open, kind ?? 'file_open');
      const detections = createEngine({ events: everything })
        .detect(event)
        .filter(({ definition }) => definition.id !== undefined);
      assert.deepEqual(
        detections.map(({ definition }) => definition.id),
        open.expect,
      );
      for (const detection of detections) {
        if (open.severity !== undefined) assert.equal(detection.severity, open.severity);
        if (open.self_access !== undefined) assert.equal(detection.event.selfAccess, open.self_access);
        if (open.target_is_descendant !== undefined)
          assert.equal(detection.event.targetIsDescendant, open.target_is_descendant);
        const outcome = errnoName(detection.event.result ?? 0) === undefined ? 'success' : 'failure';
        if (open.outcome !== undefined) assert.equal(outcome, open.outcome);
        if (open.errno !== undefined) assert.equal(errnoName(detection.event.result ?? 0), open.errno);
        if (typeof open.target === 'number') assert.equal(detection.match.data['target_pid'], open.target);
      }
    });
  }
});

function syscallEvent(syscall: SyscallCase): EnrichedEvent {
  const mine = syscall.target !== 'other';
  const request = PTRACE[(syscall.request ?? '').replace('PTRACE_', '') as keyof typeof PTRACE];
  return buildEnrichedEvent({
    kind: syscall.call === 'ptrace' ? 'ptrace' : 'process_vm',
    method: syscall.call,
    actor,
    target: mine ? { ...self, tid: syscall.target === 'self' ? self.tid : self.tid + 1 } : buildProcess(),
    selfAccess: mine,
    flags: request ?? 0,
    path: undefined,
  });
}

describe('conformance: system calls', () => {
  for (const syscall of cases.syscall) {
    test(`${syscall.call} ${syscall.request ?? ''} on ${syscall.target}`, () => {
      assert.deepEqual(
        createEngine({ events: everything })
          .detect(syscallEvent(syscall))
          .map(({ definition }) => definition.id),
        syscall.expect,
      );
    });
  }
});

function protectionEvent(change: ProtectionCase): EnrichedEvent {
  return buildEnrichedEvent({
    kind: 'mem_protect',
    method: change.call,
    target: undefined,
    path: undefined,
    protection: bits(change.prot ?? change.to ?? '', PROT_FLAGS),
    previousProtection: bits(change.from ?? 'PROT_NONE', PROT_FLAGS),
  });
}

describe('conformance: memory protection', () => {
  for (const change of cases.mem_prot_alert) {
    test(`${change.call} ${change.prot ?? `${change.from} to ${change.to}`}`, () => {
      const detections = createEngine({ events: everything }).detect(protectionEvent(change));
      assert.deepEqual(
        detections
          .filter(({ definition }) => definition.eventName === 'mem_prot_alert')
          .map(({ match }) => match.data['alert']),
        change.alert === null ? [] : [change.alert],
      );
      assert.deepEqual(
        detections.flatMap(({ definition }) => definition.id ?? []),
        change.also ?? [],
      );
    });
  }
});
