import { readdirSync, readFileSync } from 'node:fs';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** A zombie: it has ended and was not reaped yet. */
  readonly isZombie: boolean;
  /** Start time in ticks since boot; with the pid it identifies a process. */
  readonly startTicks: number;
}

/** How long a process may take to end by itself once its test is over: one that was sent a signal needs a moment. */
const GRACE_MILLIS = 5_000;
/** How long SIGKILL may take; beyond it the process sleeps in the kernel, where no signal reaches it. */
const KILL_MILLIS = 10_000;
const POLL_MILLIS = 20;

/** Every process that is below `ancestor`, children before grandchildren. */
export function descendantsOf(ancestor: number): Process[] {
  const children = Map.groupBy(allProcesses(), ({ parent }) => parent);
  const found: Process[] = [];
  const visit = (pid: number): void => {
    for (const child of children.get(pid) ?? []) {
      found.push(child);
      visit(child.pid);
    }
  };
  visit(ancestor);
  return found;
}

/** Command line of a process, its name where it has none; for messages. */
function describe({ pid, name }: Process): string {
  const words = commandLine(pid);
  return `${pid} ${words.length === 0 ? `[${name}]` : words.join(' ').slice(0, 200)}`;
}

export function commandLine(pid: number): readonly string[] {
  return read(`/proc/${pid}/cmdline`).split('\0').slice(0, -1);
}

/**
 * Waits until no descendant of `ancestor` runs any more, and kills those that go on. Blocks, so that it can be the last act
 * of a process.
 * @returns names of those that did not end by themselves
 */
export function endDescendants(ancestor: number): readonly string[] {
  const running = () => descendantsOf(ancestor).filter(isRunning);
  for (let waited = 0; waited < GRACE_MILLIS && running().length > 0; waited += POLL_MILLIS) pause();
  return killAll(running);
}

/** Kills a process that Node.js has not started, and its descendants. @returns their names */
export function killTree(root: Process): readonly string[] {
  const isRoot = ({ pid, startTicks }: Process) => pid === root.pid && startTicks === root.startTicks;
  // stopped, so that it starts nothing more, and killed last: without it, its descendants could not be found any more
  kill(root.pid, 'SIGSTOP');
  const below = killAll(() => descendantsOf(root.pid).filter(isRunning));
  return [...below, ...killAll(() => allProcesses().filter(isRoot).filter(isRunning))];
}

function isRunning({ isZombie }: Process): boolean {
  return !isZombie;
}

function killAll(running: () => readonly Process[]): readonly string[] {
  const killed = new Map<string, string>();
  for (let waited = 0; waited < KILL_MILLIS; waited += POLL_MILLIS) {
    const now = running();
    if (now.length === 0) break;
    for (const process of now) {
      const key = `${process.pid} ${process.startTicks}`;
      if (!killed.has(key)) killed.set(key, describe(process));
      if (!kill(process.pid, 'SIGKILL')) killed.set(key, `${describe(process)} (which may not be killed)`);
    }
    pause();
  }
  return [...killed.values()];
}

function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    // it has ended between the two calls, or belongs to another user
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MILLIS);
}

function allProcesses(): Process[] {
  return readdirSync('/proc').flatMap(entry => {
    if (!/^\d+$/.test(entry)) return [];
    // the name is in parentheses and may contain some
    const [, name = '', state = '', parent = '', rest = ''] =
      /^\d+ \((.*)\) (\S) (\d+) (.*)$/s.exec(read(`/proc/${entry}/stat`)) ?? [];
    if (state === '') return [];
    const isZombie = state === 'Z' || state === 'X';
    // proc(5): starttime is field 22, and four came before
    const startTicks = Number(rest.split(' ')[17]);
    return [{ pid: Number(entry), parent: Number(parent), name, isZombie, startTicks }];
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // the process has ended between two calls
    return '';
  }
}
