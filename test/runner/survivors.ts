import { readdirSync, readFileSync } from 'node:fs';

/** Processes that have inherited a variable of this name, which a test sets to find its descendants. */
export function survivors(marker: string): readonly string[] {
  return readdirSync('/proc').filter(name => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    try {
      return readFileSync(`/proc/${name}/environ`, 'utf8').includes(marker);
    } catch {
      // it ended between the two calls, or is a kernel thread
      return false;
    }
  });
}
