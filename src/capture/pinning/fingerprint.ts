import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CaptureOptions } from '../options.ts';

/**
 * Hash of everything that decides which programs are attached: the object, the settings and the CAP_* rights of this
 * process. Pinned programs with an equal fingerprint are those that this start would attach again.
 */
export function fingerprintOf(options: CaptureOptions): string {
  const { objectPath, btfPath, kinds, hook, hooks, rawFilter } = options;
  const choices = [btfPath, [...(kinds ?? [])].sort(), hook, Object.entries(hooks).sort(), rawFilter];
  const privileges = /^CapEff:.*$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[0];
  return createHash('sha256')
    .update(readFileSync(objectPath))
    .update(JSON.stringify([choices, privileges]))
    .digest('hex')
    .slice(0, 16);
}
