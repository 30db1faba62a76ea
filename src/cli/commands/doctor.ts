import type { Command } from 'commander';
import { loadSettings, type Settings } from '../../config/index.ts';
import { jsonText } from '../../printing/printable.ts';
import { assertDescriptors, ownDescriptorLimit } from '../../service/descriptors.ts';
import { setDiagnostics } from '../../service/diagnostics.ts';
import { EXIT, type ExitCode } from '../../service/exit-codes.ts';
import { ownLinuxCapabilities } from '../../service/linux-capabilities.ts';
import type { Context } from '../context.ts';
import { type Check, failedCheck } from '../doctor/check.ts';
import { collectorCheck } from '../doctor/collector.ts';
import { hookChecks } from '../doctor/hooks.ts';
import { kernelChecks } from '../doctor/kernel.ts';
import { doctorReport } from '../doctor/report.ts';
import { addSettingFlags, settingSources } from '../setting-flags.ts';

const EXAMPLES = `
Examples:
  sudo memwarden doctor
  sudo memwarden doctor --json | jq '.[] | select(.status != "ok")'

Exit status: 0 every check passes or warns, 3 a check of the kernel, the
             capabilities or the hooks fails, 4 only the collector's fails`;

/** `memwarden doctor`: checks what this machine allows. Attaches each hook for a moment. */
export function addDoctor(program: Command, { env, finish }: Context): void {
  addSettingFlags(program.command('doctor'), 'output', 'collector', 'capture')
    .description(
      'check what this kernel allows, which hook each capability gets and why, and whether the collector answers',
    )
    .option('--json', 'one JSON array of checks')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { json?: true }, command: Command) => {
      const settings = loadSettings(settingSources(command, env));
      setDiagnostics('error');
      const machine = [
        ...kernelChecks(settings.capture),
        await pins(settings),
        ...(await hooks(settings.capture)),
        await confinement(),
      ];
      const collector = await collectorCheck(settings.telemetry);
      const checks = [...machine, collector];
      process.stdout.write(options.json ? `${jsonText(checks, 2)}\n` : doctorReport(checks));
      finish(verdict(machine, collector));
    });
}

async function pins(settings: Settings): Promise<Check> {
  // imported only here: it loads native code
  const { pinsCheck } = await import('../doctor/pins.ts');
  return pinsCheck(settings);
}

async function hooks(capture: Settings['capture']): Promise<readonly Check[]> {
  const name = 'hooks';
  try {
    if (ownLinuxCapabilities().missing.some(({ required }) => required)) {
      const detail = 'not tried: a capability is missing';
      return [{ name, status: 'failed', detail, advice: 'sudo memwarden doctor' }];
    }
    assertDescriptors(ownDescriptorLimit());
    const { LADDERS, probeHooks } = await import('../../capture/index.ts');
    const required = LADDERS.filter(ladder => ladder.required).map(({ capability }) => capability);
    return hookChecks(await probeHooks(capture), new Set(required));
  } catch (error) {
    // a failed check, not the end of the command; an earlier check usually names the cause
    return [failedCheck(name, error)];
  }
}

/** The last check, since dropped capabilities cannot be regained. */
async function confinement(): Promise<Check> {
  // imported only here: it loads native code, and a failure must not prevent the other checks
  const { confinementCheck } = await import('../doctor/confinement.ts');
  return confinementCheck();
}

function verdict(machine: readonly Check[], collector: Check): ExitCode {
  if (machine.some(({ status }) => status === 'failed')) return EXIT.kernel;
  return collector.status === 'failed' ? EXIT.collector : EXIT.ok;
}
