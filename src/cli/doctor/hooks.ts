import type { CapabilityReport } from '../../capture/index.ts';
import { quoted } from '../../printing/printable.ts';
import type { Check } from './check.ts';

/**
 * One check per capability: the hook it gets, and why not a better one.
 * @param required capabilities without a hook for which there is no start
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

/** Names of programs that go together, so that a line can be broken between them. */
function spaced(programs: string): string {
  return programs.replaceAll('+', ' + ');
}
