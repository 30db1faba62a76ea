import type { Command } from 'commander';
import { loadSettings } from '../../config/index.ts';
import { jsonText } from '../../printing/printable.ts';
import { table } from '../../printing/table.ts';
import { setDiagnostics } from '../../service/diagnostics.ts';
import { EXIT } from '../../service/exit-codes.ts';
import { drainSpool } from '../../telemetry/delivery/drain.ts';
import type { DeliveryCounts } from '../../telemetry/delivery-counts.ts';
import { refusedRecords, spoolStatus } from '../../telemetry/spool/inspect.ts';
import { evictedOf } from '../../telemetry/spool/totals.ts';
import type { Context } from '../context.ts';
import { reportUnusedVariables } from '../report-unused.ts';
import { addSettingFlags, settingSources } from '../setting-flags.ts';

/** `memwarden spool status|inspect|drain`. */
export function addSpool(program: Command, { env, finish }: Context): void {
  const spool = program
    .command('spool')
    .description('inspect and send the records that the collector has not accepted');
  const directoryOf = (command: Command): string =>
    loadSettings(settingSources(command, env)).telemetry.spool.directory;

  addSettingFlags(spool.command('status'))
    .description('show how many records are pending, and what became of the others')
    .addHelpText('after', '\nExamples:\n  sudo memwarden spool status')
    .action((_options: object, command: Command) => {
      const { waiting, oldestMillis, totals } = spoolStatus(directoryOf(command));
      const rows = waiting.map(({ severity, records, bytes }) => [severity, records, bytes].map(String));
      process.stdout.write(table(['SEVERITY', 'RECORDS', 'BYTES'], rows));
      const oldest = oldestMillis === undefined ? 'none' : new Date(oldestMillis).toISOString();
      const { appended, accepted, refused, evicted } = totals;
      const reasons = Object.entries(evicted).map(([reason, records]) => `${reason} ${records}`);
      process.stdout.write(
        `oldest ${oldest}\nspooled ${appended}, accepted ${accepted}, refused ${refused}, ` +
          `given up ${evictedOf(totals)} (${reasons.join(', ')})\n`,
      );
    });

  addSettingFlags(spool.command('inspect'))
    .description('print the records that the collector refused, one JSON object a line, with the reason')
    .addHelpText('after', '\nExamples:\n  sudo memwarden spool inspect | jq .reason')
    .action((_options: object, command: Command) => {
      for (const refused of refusedRecords(directoryOf(command))) {
        process.stdout.write(`${jsonText(refused)}\n`);
      }
    });

  addSettingFlags(spool.command('drain'), 'collector')
    .description('send all pending records now; no sidecar may be using the spool')
    .option('--deadline <seconds>', 'how long to try', '60')
    .addHelpText(
      'after',
      '\nExamples:\n  sudo memwarden spool drain --endpoint http://collector:4317 --deadline 30',
    )
    .action(async (options: { deadline: string }, command: Command) => {
      const seconds = Number(options.deadline);
      if (!(seconds > 0 && seconds < 1_000_000))
        program.error(`error: --deadline takes seconds, not '${options.deadline}'`);
      const { telemetry, diagnostics } = loadSettings(settingSources(command, env));
      setDiagnostics(diagnostics.level);
      reportUnusedVariables(env, { telemetry });
      const printCounts = ({ accepted, refused, spooled }: DeliveryCounts) =>
        process.stderr.write(`accepted ${accepted}, refused ${refused}, still waiting ${spooled}\n`);
      const counts = await drainSpool(telemetry, seconds * 1_000, printCounts);
      printCounts(counts);
      if (counts.spooled > 0) finish(EXIT.collector);
    });
}
