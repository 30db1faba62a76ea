import type { EventKind } from '../../event.ts';
import { descriptor } from './descriptor.ts';
import { fileOpen } from './file-open.ts';
import type { Ladder } from './ladder.ts';
import { memoryIo } from './memory-io.ts';
import { memoryProtection } from './memory-protection.ts';
import { ptrace } from './ptrace.ts';

/** Every capability. `memoryIo` after `fileOpen`: it distinguishes openers from others by what that one has seen. */
export const LADDERS: readonly Ladder[] = [fileOpen, ptrace, descriptor, memoryIo, memoryProtection];

/** The capabilities that some wanted kind of event needs; all of them when everything is wanted. */
export function laddersFor(kinds: ReadonlySet<EventKind> | undefined): readonly Ladder[] {
  return kinds === undefined ? LADDERS : LADDERS.filter(ladder => ladder.kinds.some(kind => kinds.has(kind)));
}
