import { readFileSync, readlinkSync } from 'node:fs';
import { diag } from '@opentelemetry/api';
import { forgetPages, returnFreedMemory } from '../../capture/libc.ts';
import { executableAreas } from './executable-areas.ts';

const log = diag.createComponentLogger({ namespace: 'footprint' });

/** The first rounds of everything, such as the canary's, are over by then. */
const SETTLED_MILLIS = 2_000;
/** What a burst of events has left resident is given back then; once costs about 10 ms of CPU. */
const AGAIN_MILLIS = 600_000;

/**
 * Has memory that is no longer used given back, now and then: once the start is over, and what bursts leave. The timers
 * hold no process alive.
 */
export function keepFootprintSmall(): void {
  setTimeout(giveBack, SETTLED_MILLIS).unref();
  setInterval(giveBack, AGAIN_MILLIS).unref();
}

/**
 * Unmaps the pages of the executable, and gives back what native code has freed.
 *
 * Most of what Node.js runs at its start it does not run again: set-up, the parser and compiler for the modules, the data
 * of ICU. Those pages stay mapped, and counted, until the kernel runs short. They are clean copies of the file, so to
 * unmap them loses nothing: they stay in the page cache, what is touched again is mapped again by a minor fault, 16 pages
 * at a time, and what is mapped afterwards is what is needed.
 */
function giveBack(): void {
  try {
    const executable = readlinkSync('/proc/self/exe');
    const before = process.memoryUsage.rss();
    for (const { start, lengthBytes } of executableAreas(
      readFileSync('/proc/self/smaps', 'utf8'),
      executable,
    ))
      forgetPages(start, lengthBytes);
    returnFreedMemory();
    const bytes = before - process.memoryUsage.rss();
    log.debug(`gave back ${Math.round(bytes / 1e6)} MB of resident memory`);
  } catch (error) {
    // it only stays larger: procfs may be hidden, or a page may be locked
    log.debug('failed to give back memory:', error);
  }
}
