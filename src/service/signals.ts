import { constants } from 'node:os';
import { ignoreSignal } from '../native/libc.ts';

const { SIGUSR1, SIGUSR2, SIGTRAP, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT, SIGXCPU } =
  constants.signals;

/**
 * Signals that any process of the same user may send, and whose default action ends this process or that Node.js handles
 * itself. Without the job control signals, and without those of faults: the instruction that causes an ignored one would
 * be repeated forever.
 */
const STRAY = [SIGUSR1, SIGUSR2, SIGTRAP, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT, SIGXCPU];

/** The real-time signals (include/uapi/asm-generic/signal.h), without 32 and 33, which the C library uses. */
const REAL_TIME = { first: 34, last: 64 };

/** Sets SIG_IGN, so that the kernel discards them. A handler in JavaScript could be made to run a million times a second. */
export function ignoreStraySignals(): void {
  for (const number of STRAY) ignoreSignal(number);
  for (let number = REAL_TIME.first; number <= REAL_TIME.last; number++) ignoreSignal(number);
}
