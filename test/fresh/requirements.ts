import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { isOnPath } from '../live/is-on-path.ts';
import { whyNotLive } from '../live/requirements.ts';

/** Set in a fresh system, so that its `npm test` does not make another one in it. */
export const INSIDE = 'MEMWARDEN_TEST_FRESH';

const PROGRAMS = ['debootstrap', 'unshare', 'git', 'tar', 'apt-config', 'npm'];

/** Why no fresh system can be made here, for `skip`; false when one can. */
export function whyNotFresh(): string | false {
  if (process.env[INSIDE]) return 'this is a fresh system itself';
  // the demonstration has to see something
  const notLive = whyNotLive();
  if (notLive !== false) return notLive;
  const missing = PROGRAMS.filter(program => !isOnPath(program));
  if (missing.length > 0) return `needs ${missing.join(', ')}`;
  if (freshCgroups() === undefined)
    return 'needs a writable mount of control groups, version 2, with cgroup.kill (Linux 5.14)';
  return false;
}

/** Folder in which a control group with cgroup.kill can be made; undefined when there is none. */
export function freshCgroups(): string | undefined {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(line => line.includes(' - cgroup2 '))
    .map(line => line.split(' ')[4] ?? '')
    .find(canEndProcesses);
}

function canEndProcesses(folder: string): boolean {
  const probe = join(folder, `memwarden-fresh-probe-${process.pid}`);
  try {
    mkdirSync(probe);
  } catch {
    // read-only, as in most containers
    return false;
  }
  const answer = existsSync(join(probe, 'cgroup.kill'));
  rmdirSync(probe);
  return answer;
}
