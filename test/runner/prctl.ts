import koffi from 'koffi';

/** Calls of Linux to keep hold of descendants, which Node.js does not have. */

const libc = koffi.load('libc.so.6');
const prctl = libc.func('int prctl(int option, ulong second, ulong third, ulong fourth, ulong fifth)');
const waitpid = libc.func('int waitpid(int pid, _Out_ int *status, int options)');

/** include/uapi/linux/prctl.h, wait.h and signal.h */
const PR_SET_PDEATHSIG = 1;
const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;
const SIGKILL = 9;

/** From now on a descendant whose parent ends becomes a child of this process, whatever session it made for itself. */
export function adoptOrphans(): void {
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) !== 0) {
    throw new Error('failed to become the parent of orphans: prctl(PR_SET_CHILD_SUBREAPER) is refused');
  }
}

/** From now on this process is killed when its parent ends. */
export function dieWithParent(): void {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) !== 0) {
    throw new Error('failed to follow the parent: prctl(PR_SET_PDEATHSIG) is refused');
  }
}

/** Reaps an adopted child that has ended. Never for a child that Node.js has started, which it reaps itself. */
export function reap(pid: number): void {
  waitpid(pid, [0], WNOHANG);
}
