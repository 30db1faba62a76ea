import type { Command } from 'commander';
import type { Detection } from '../../detect/detection.ts';
import { createEngine } from '../../detect/engine.ts';
import { checkExceptionsFile, loadExceptions } from '../../detect/exceptions/exceptions.ts';
import { describeProblem, type ExceptionRule } from '../../detect/exceptions/rule.ts';
import { listed } from '../../printing/listed.ts';
import { printable } from '../../printing/printable.ts';
import { table } from '../../printing/table.ts';
import { openRecording } from '../../recording/recording.ts';
import { EXIT } from '../../service/exit-codes.ts';
import type { Context } from '../context.ts';

const TEST_EXAMPLES = `
Examples:
  sudo memwarden record case.jsonl
  memwarden exceptions test mine.yaml --record case.jsonl`;

/** `memwarden exceptions check|test`. */
export function addExceptions(program: Command, { finish }: Context): void {
  const exceptions = program
    .command('exceptions')
    .description('check and test rules for what is known to be good');

  exceptions
    .command('check')
    .description('list every problem of a file: syntax, types, unknown fields')
    .argument('<file>', 'YAML file of exceptions')
    .addHelpText('after', '\nExamples:\n  memwarden exceptions check mine.yaml')
    .action((file: string) => {
      const problems = checkExceptionsFile(file);
      if (problems.length > 0) {
        process.stderr.write(
          `${listed(problems.map(describeProblem))
            .map(line => printable(line))
            .join('\n')}\n`,
        );
        finish(EXIT.usage);
      } else
        process.stderr.write(`${printable(file)}: valid, ${loadExceptions([file]).rules.length} rules\n`);
    });

  exceptions
    .command('test')
    .description('show for every detection in a recording which rule matches it')
    .argument('<file>', 'YAML file of exceptions')
    .requiredOption('--record <recording>', 'made by `memwarden record`')
    .addHelpText('after', TEST_EXAMPLES)
    .action(async (file: string, { record }: { record: string }) => {
      const { match } = loadExceptions([file]);
      const engine = createEngine({ events: ['signatures', 'base'] });
      const rows: string[][] = [];
      for await (const event of await openRecording(record)) {
        for (const detection of engine.detect(event)) rows.push(row(detection, match(detection)));
      }
      process.stdout.write(table(['EVENT', 'ACTOR', 'TARGET', 'RULE'], rows));
    });
}

function row({ definition, event }: Detection, rule: ExceptionRule | undefined): string[] {
  const { actor, target } = event;
  const effect = rule?.action === 'drop' ? 'drop' : `severity ${rule?.action}`;
  return [
    definition.id ?? definition.eventName,
    `${actor.executablePath ?? actor.comm} (${actor.tgid})`,
    target === undefined ? '-' : `${target.executablePath ?? target.comm} (${target.tgid})`,
    rule === undefined ? 'none' : `${rule.name}: ${effect}`,
  ];
}
