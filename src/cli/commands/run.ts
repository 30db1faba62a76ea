import type { Command } from 'commander';
import { loadSettings, suggestion } from '../../config/index.ts';
import { assertDescriptors, ownDescriptorLimit } from '../../service/descriptors.ts';
import { setDiagnostics } from '../../service/diagnostics.ts';
import { runUntilSignal } from '../../service/lifecycle.ts';
import { assertLinuxCapabilities, ownLinuxCapabilities } from '../../service/linux-capabilities.ts';
import type { Context } from '../context.ts';
import { reportUnusedVariables } from '../report-unused.ts';
import { addSettingFlags, FLAG_GROUPS, settingSources } from '../setting-flags.ts';

const EXAMPLES = `
Examples:
  sudo memwarden run --exporter console --pretty
  sudo memwarden run --endpoint https://collector:4317 --config memwarden.yaml
  sudo OTEL_EXPORTER_OTLP_HEADERS=api-key=… memwarden run
  sudo memwarden run --events default,mem_prot_alert --set health.enabled=false

Signals:
  SIGTERM, SIGINT, SIGQUIT  stop, flush, exit 0, within 8 s; a second one exits
                            130 at once
  SIGHUP                    read the exceptions again
  SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU  pause until SIGCONT
  SIGKILL, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGABRT  end at once; what
                            the spool has is delivered after the next start
  every other one           ignored`;

/** `memwarden run`, which is also what `memwarden` alone does. */
export function addRun(program: Command, { env, finish }: Context): void {
  addSettingFlags(program.command('run', { isDefault: true }), ...FLAG_GROUPS)
    .description('detect and report until a signal comes (the default command)')
    .allowExcessArguments()
    .addHelpText('after', EXAMPLES)
    .action(async (_options: object, command: Command) => {
      refuseArguments(program, command);
      const settings = loadSettings(settingSources(command, env));
      setDiagnostics(settings.diagnostics.level);
      reportUnusedVariables(env, settings);
      assertLinuxCapabilities(ownLinuxCapabilities());
      assertDescriptors(ownDescriptorLimit());
      // imported only here: the stages load native code, which the other commands do without
      const { startConfined } = await import('../../service/confinement/start-confined.ts');
      const { startService } = await import('../../service/run.ts');
      const start = () => startConfined(() => startService(settings), settings);
      finish(
        await runUntilSignal(start, async () => {
          const { keepFootprintSmall } = await import('../../service/footprint/page-release.ts');
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
