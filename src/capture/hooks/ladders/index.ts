import type { EventKind } from '../../event.ts';
import { descriptor } from './descriptor.ts';
import { fileOpen } from './file-open.ts';
import type { Ladder } from './ladder.ts';
import { memoryIo } from './memory-io.ts';
import { memoryProtection } from './memory-protection.ts';
import { ptrace } from './ptrace.ts';

/**
 * Every capability. `memoryIo` comes after `fileOpen`, whose programs record who opened a file: it needs that to
 * distinguish openers from others.
 */
export const LADDERS: readonly Ladder[] = [fileOpen, ptrace, descriptor, memoryIo, memoryProtection];

/** The capabilities that record any of these kinds of events; all of them for undefined. */
export function laddersFor(kinds: ReadonlySet<EventKind> | undefined): readonly Ladder[] {
  return kinds === undefined ? LADDERS : LADDERS.filter(ladder => ladder.kinds.some(kind => kinds.has(kind)));
}
