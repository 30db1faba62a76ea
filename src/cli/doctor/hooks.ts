import type { CapabilityReport } from '../../capture/index.ts';
import { quoted } from '../../printing/printable.ts';
import type { Check } from './check.ts';

/**
 * One check per capability: the hook that is selected for it, and why not a better one.
 * @param required capabilities without which the sidecar does not start
 */
export function hookChecks(
  reports: readonly CapabilityReport[],
  required: ReadonlySet<string>,
): readonly Check[] {
  return reports.map(({ capability, hook, attempts, limits }) => {
    const tried = attempts.map(({ hook: kind, program, outcome, reason }) =>
      outcome === 'alive'
        ? `${kind}: ${spaced(program)} is alive`
        : `${kind}: ${spaced(program)} ${outcome}, ${quoted(String(reason))}`,
    );
    const detail = [hook ?? 'no hook', ...tried, ...limits.map(limit => `limit: ${limit}`)].join('\n');
    if (hook !== undefined) return { name: `hook ${capability}`, status: 'ok', detail };
    const advice = "run memwarden doctor as root on the host; the reasons above are the kernel's own";
    const status = required.has(capability) ? 'failed' : 'warning';
    return { name: `hook ${capability}`, status, detail, advice };
  });
}

/** With blanks between the names, where a line can be wrapped. */
function spaced(programs: string): string {
  return programs.replaceAll('+', ' + ');
}
