import { statSync } from 'node:fs';
import type { ProcessIdentity } from './event.ts';

/**
 * Recognises this process in events. Its own number is not enough: in a container it differs from the initial
 * namespace's, which events carry, so the number is compared within its pid namespace.
 */
export function createSelfTest(procfs = '/proc'): (process: ProcessIdentity) => boolean {
  const namespace = statSync(`${procfs}/self/ns/pid`).ino;
  return ({ vtgid, pidNamespace }) => vtgid === process.pid && pidNamespace === namespace;
}
