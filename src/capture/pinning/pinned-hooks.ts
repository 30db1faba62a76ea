import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Libbpf } from '../../native/libbpf.ts';
import type { HookName } from '../event.ts';
import { type Attachment, PROGRAM_PIN } from '../hooks/bpf-object.ts';
import { RESULT_UNKNOWN } from '../hooks/hook-selection.ts';
import type { CapabilityReport, Ladder } from '../hooks/ladders/ladder.ts';
import type { ProgramDescriptor } from '../hooks/skipped-runs.ts';

/** Pins the programs of one capability in a directory `<capability>-<hook>`. @throws PinningUnavailable */
export function pinHook(
  directory: string,
  { capability, hook }: CapabilityReport,
  attachments: readonly Attachment[],
): void {
  const path = join(directory, `${capability}-${hook}`);
  mkdirSync(path, { mode: 0o700 });
  for (const attachment of attachments) attachment.pin(path);
}

/** A report per capability, from the names in a directory of pinned programs. */
export function pinnedReports(directory: string, ladders: readonly Ladder[]): CapabilityReport[] {
  const names = readdirSync(directory);
  return ladders.map(({ capability, steps }) => {
    const step = steps.find(({ hook }) => names.includes(`${capability}-${hook}`));
    if (step === undefined) return { capability, hook: undefined, attempts: [], limits: [] };
    const programs = readdirSync(join(directory, `${capability}-${step.hook}`));
    const resultMissing = step.results !== undefined && !step.results.some(name => programs.includes(name));
    return {
      capability,
      hook: step.hook,
      attempts: [
        { hook: step.hook, program: step.programs.join('+'), outcome: 'alive', reason: 'was pinned' },
      ],
      limits: resultMissing ? [...step.limits, RESULT_UNKNOWN] : step.limits,
    };
  });
}

/** Opens the pinned programs. Some may be missing: older versions pinned only the links. */
export function openPinnedPrograms(
  libbpf: Libbpf,
  directory: string,
  reports: readonly CapabilityReport[],
): ProgramDescriptor[] {
  return reports.flatMap(({ capability, hook }) => {
    if (hook === undefined) return [];
    const path = join(directory, `${capability}-${hook}`);
    const pins = readdirSync(path).filter(name => name.endsWith(PROGRAM_PIN));
    return pins.flatMap(pin => {
      const fd = libbpf.openPinned(join(path, pin));
      return fd < 0 ? [] : [{ capability, program: pin.slice(0, -PROGRAM_PIN.length), fd }];
    });
  });
}

/** Hook per capability, for those that have one. */
export function hooksOf(reports: readonly CapabilityReport[]): ReadonlyMap<string, HookName> {
  const hooks = new Map<string, HookName>();
  for (const { capability, hook } of reports) if (hook !== undefined) hooks.set(capability, hook);
  return hooks;
}
