/** What the watchdog's thread sees of the event loop's while that makes no progress. Times in milliseconds. */
export interface Look {
  readonly nowMillis: number;
  /** State of the thread as in proc_pid_stat(5): `R` runs or waits for a CPU, `S` and `D` sleep, `T` and `t` are stopped. */
  readonly state: string;
  /** CPU time that the thread has had. */
  readonly cpuMillis: number;
  /** Time that it has waited for a CPU, as counted when it got one. */
  readonly waitedMillis: number;
}

/**
 * Measures how long the event loop has hung: time in which it could run and made no progress. Other time is not counted:
 * while the machine was suspended or the process stopped, since this thread was late, too; while the event loop's thread
 * alone was stopped; while it waited for a CPU.
 *
 * The text of this function is evaluated in another thread, so it can refer to nothing outside of itself.
 *
 * @param lookMillis time between two looks, as it is asked for
 * @returns takes a look, or undefined when there was progress, and gives the time so far, ms
 */
export function createHangMeter(lookMillis: number): (look: Look | undefined) => number {
  let last: Look | undefined;
  let hungMillis = 0;

  /** The part of the time since the last look in which the loop could run. */
  function couldRun(before: Look, look: Look): number {
    const elapsed = look.nowMillis - before.nowMillis;
    if (elapsed > 3 * lookMillis || look.state === 'T' || look.state === 't') return 0;
    const cpu = look.cpuMillis - before.cpuMillis;
    // the wait of a thread that still waits is not counted yet
    if (look.state === 'R') return Math.min(cpu, elapsed);
    return Math.max(0, elapsed - (look.waitedMillis - before.waitedMillis));
  }

  return look => {
    const before = last;
    last = look;
    if (look === undefined) hungMillis = 0;
    else if (before !== undefined) hungMillis += couldRun(before, look);
    return hungMillis;
  };
}
