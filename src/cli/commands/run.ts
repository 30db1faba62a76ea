import { diag } from '@opentelemetry/api';
import type { Command } from 'commander';
import { loadSettings, suggestion } from '../../config/index.ts';
import { unusedVariables } from '../../config/unused-variables.ts';
import { assertCapabilities, ownCapabilities } from '../capabilities.ts';
import type { Context } from '../context.ts';
import { setDiagnostics } from '../diagnostics.ts';
import { runUntilSignal } from '../lifecycle.ts';
import { addSettingFlags, FLAG_GROUPS, settingSources } from '../setting-flags.ts';

const log = diag.createComponentLogger({ namespace: 'cli' });

const EXAMPLES = `
Examples:
  sudo memwarden run --exporter console --pretty
  sudo memwarden run --endpoint https://collector:4317 --config memwarden.yaml
  sudo OTEL_EXPORTER_OTLP_HEADERS=api-key=… memwarden run
  sudo memwarden run --events default,mem_prot_alert --set health.enabled=false

Signals:
  SIGTERM, SIGINT  stop capturing, flush, exit 0, within 8 s; a second one exits 130 at once
  SIGHUP           read the exceptions again`;

/** `memwarden run`, which is also what `memwarden` alone does. */
export function addRun(program: Command, { env, finish }: Context): void {
  addSettingFlags(program.command('run', { isDefault: true }), ...FLAG_GROUPS)
    .description('watch and report until a signal comes (the default command)')
    .allowExcessArguments()
    .addHelpText('after', EXAMPLES)
    .action(async (_options: object, command: Command) => {
      refuseArguments(program, command);
      const settings = loadSettings(settingSources(command, env));
      setDiagnostics(settings.diagnostics.level);
      for (const sentence of unusedVariables(env)) log.warn(sentence);
      assertCapabilities(ownCapabilities());
      // the stages load native code; the other commands start without it
      const { startConfined } = await import('../confinement/start-confined.ts');
      const { startPipeline } = await import('../../pipeline.ts');
      const start = () => startConfined(() => startPipeline(settings), settings);
      finish(
        await runUntilSignal(start, async () => {
          const { keepFootprintSmall } = await import('../footprint/give-back.ts');
          keepFootprintSmall();
        }),
      );
    });
}

/** A mistyped command reaches the default one as an argument. */
function refuseArguments(program: Command, command: Command): void {
  const [word] = command.args;
  if (word === undefined) return;
  const near = suggestion(
    word,
    program.commands.map(other => other.name()),
  );
  program.error(`error: unknown command '${word}'${near === undefined ? '' : `\n(Did you mean ${near}?)`}`);
}
