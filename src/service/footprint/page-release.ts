import { readFileSync, readlinkSync } from 'node:fs';
import { diag } from '@opentelemetry/api';
import { forgetPages, returnFreedMemory } from '../../native/libc.ts';
import { executableAreas } from './executable-areas.ts';

const log = diag.createComponentLogger({ namespace: 'footprint' });

/** Time after the start at which the first rounds of every timer, such as the canary's, are over, ms. */
const SETTLED_MILLIS = 2_000;
/** Time between two releases of the pages that bursts of events have touched, ms; one costs about 10 ms of CPU. */
const AGAIN_MILLIS = 600_000;
/** Growth of the RSS at which returning freed memory is worth its 3 ms of CPU. */
const GROWN_BYTES = 8_000_000;
/** Time between two measurements of the RSS, ms: each wakes a process that is otherwise idle. */
const MEASURE_MILLIS = { quiet: 10_000, grown: 2_000 };

/**
 * Returns unused memory to the kernel: pages of the executable once the start is over and every ten minutes, and during
 * bursts what malloc(3) keeps between pieces in use. The timers are unreferenced.
 */
export function keepFootprintSmall(): void {
  // 0, so that all of it counts as growth at first: the start has freed much memory
  let smallestBytes = 0;
  const measure = () => {
    const bytes = residentBytes() ?? smallestBytes;
    const hasGrown = bytes - smallestBytes > GROWN_BYTES;
    if (hasGrown) returnFreedMemory();
    smallestBytes = (hasGrown ? residentBytes() : undefined) ?? Math.min(smallestBytes, bytes);
    setTimeout(measure, hasGrown ? MEASURE_MILLIS.grown : MEASURE_MILLIS.quiet).unref();
  };
  const settle = () => {
    releasePages();
    measure();
  };
  setTimeout(settle, SETTLED_MILLIS).unref();
  setInterval(releasePages, AGAIN_MILLIS).unref();
}

/**
 * Undefined where /proc/self/stat cannot be opened, for which `process.memoryUsage` throws: out of descriptors, for example.
 */
function residentBytes(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch (error) {
    log.debug('failed to measure the memory of this process:', error);
    return undefined;
  }
}

/**
 * Unmaps the pages of the executable.
 *
 * Most of what Node.js runs at its start it does not run again: set-up, the parser and compiler for the modules, the data
 * of ICU. Those pages stay mapped, and counted, until the kernel runs short. They are clean copies of the file, so to
 * unmap them loses nothing: they stay in the page cache, what is touched again is mapped again by a minor fault, 16 pages
 * at a time, and what is mapped afterwards is what is needed.
 */
function releasePages(): void {
  try {
    const executable = readlinkSync('/proc/self/exe');
    const before = process.memoryUsage.rss();
    for (const { start, lengthBytes } of executableAreas(
      readFileSync('/proc/self/smaps', 'utf8'),
      executable,
    ))
      forgetPages(start, lengthBytes);
    const bytes = before - process.memoryUsage.rss();
    log.debug(`gave back ${Math.round(bytes / 1e6)} MB of pages`);
  } catch (error) {
    // it only stays larger: procfs may be hidden, or a page may be locked
    log.debug('failed to give back pages:', error);
  }
}
