import type { Command } from 'commander';
import { loadSettings } from '../../config/index.ts';
import { setDiagnostics } from '../../service/diagnostics.ts';
import { EXIT } from '../../service/exit-codes.ts';
import { standardError } from '../../standard-streams/standard-error.ts';
import type { Context } from '../context.ts';
import { reportUnusedVariables } from '../report-unused.ts';
import { addSettingFlags, settingSources } from '../setting-flags.ts';

const EXAMPLES = `
Examples:
  memwarden replay case.jsonl --exporter console --pretty
  memwarden replay case.jsonl --exporter console --exceptions mine.yaml
  memwarden replay case.jsonl --endpoint http://localhost:4317`;

/** `memwarden replay FILE`; needs no privilege. */
export function addReplay(program: Command, { env, finish }: Context): void {
  addSettingFlags(program.command('replay'), 'output', 'collector', 'detection')
    .description('send the events of a recording through the same stages as live ones; needs no root')
    .argument('<file>', 'made by `memwarden record`')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, _options: object, command: Command) => {
      const settings = loadSettings(settingSources(command, env));
      setDiagnostics(settings.diagnostics.level);
      reportUnusedVariables(env, settings);
      const { replay } = await import('../../service/replay.ts');
      const { lost, undelivered } = await replay(settings, file);
      if (undelivered > 0) {
        const { directory } = settings.telemetry.spool;
        standardError.write(
          `${undelivered} records were not delivered; they wait in ${directory} for the next run, or for memwarden spool drain\n`,
        );
        finish(EXIT.collector);
      } else if (lost > 0) finish(EXIT.failure);
    });
}
