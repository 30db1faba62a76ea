import { constants } from 'node:os';
import { ignoreSignal } from '../native/libc.ts';

const { SIGUSR1, SIGUSR2, SIGTRAP, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT, SIGXCPU } =
  constants.signals;

/**
 * What a process of the same user may send, and what would end this one or has a meaning of its own for Node.js. Not among
 * them: those that stop it, and those with which the kernel reports a fault. Ignored, such a fault would be met for ever.
 */
const STRAY = [SIGUSR1, SIGUSR2, SIGTRAP, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT, SIGXCPU];

/** The real-time signals; the two before them are the C library's own. include/uapi/asm-generic/signal.h */
const REAL_TIME = { first: 34, last: 64 };

/** Has the kernel discard them: a handler in JavaScript would be called, and could be called a million times a second. */
export function ignoreStraySignals(): void {
  for (const number of STRAY) ignoreSignal(number);
  for (let number = REAL_TIME.first; number <= REAL_TIME.last; number++) ignoreSignal(number);
}
