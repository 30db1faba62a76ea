import type { Command } from 'commander';
import { loadSettings } from '../../config/index.ts';
import { assertDescriptors, ownDescriptorLimit } from '../../service/descriptors.ts';
import { setDiagnostics } from '../../service/diagnostics.ts';
import { runUntilSignal } from '../../service/lifecycle.ts';
import { assertLinuxCapabilities, ownLinuxCapabilities } from '../../service/linux-capabilities.ts';
import type { Context } from '../context.ts';
import { reportUnusedVariables } from '../report-unused.ts';
import { addSettingFlags, settingSources } from '../setting-flags.ts';

const EXAMPLES = `
Examples:
  sudo memwarden record case.jsonl   # until Ctrl-C
  memwarden replay case.jsonl --exporter console --pretty`;

/** `memwarden record FILE`. */
export function addRecord(program: Command, { env, finish }: Context): void {
  addSettingFlags(program.command('record'), 'detection', 'capture')
    .description('record captured events in a file, for `replay`; command lines are redacted as in records')
    .argument('<file>', 'to create or overwrite')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, _options: object, command: Command) => {
      const settings = loadSettings(settingSources(command, env));
      setDiagnostics(settings.diagnostics.level);
      reportUnusedVariables(env, settings);
      assertLinuxCapabilities(ownLinuxCapabilities());
      assertDescriptors(ownDescriptorLimit());
      const { startConfined } = await import('../../service/confinement/start-confined.ts');
      const { startRecording } = await import('../../service/record.ts');
      finish(await runUntilSignal(() => startConfined(() => startRecording(settings, file), settings)));
    });
}
