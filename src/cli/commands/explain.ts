import { Argument, type Command } from 'commander';
import { EXPLANATIONS } from '../../detect/explanations.ts';
import { SIGNATURES } from '../../detect/signatures/index.ts';
import { columnsOf, wrap } from '../../printing/wrap.ts';
import { SEVERITIES } from '../../telemetry/record/record.ts';

const EXAMPLES = `
Examples:
  memwarden explain TRC-1023
  memwarden explain proc_mem_access`;

/** `memwarden explain ID`. */
export function addExplain(program: Command): void {
  const explained = SIGNATURES.filter(({ definition }) => definition.id !== undefined);
  const names = explained.flatMap(({ definition: { id, eventName } }) => [id ?? eventName, eventName]);
  program
    .command('explain')
    .description('show what a detection means, its legitimate causes, and what to do')
    .addArgument(new Argument('<detection>', 'id or event name').choices(names))
    .addHelpText('after', EXAMPLES)
    .action((detection: string) => {
      for (const { definition } of explained) {
        const { id, eventName, severity, description, reference } = definition;
        if (detection !== id && detection !== eventName) continue;
        const { legitimate = [], advice = [] } = EXPLANATIONS[eventName] ?? {};
        process.stdout.write(
          `${id} ${eventName} (${SEVERITIES[severity][1]})\n${wrapped(description, 0)}\n` +
            `\nLegitimate causes:\n${list(legitimate)}\nWhat to do:\n${list(advice)}\nMore: ${reference}\n`,
        );
      }
    });
}

function list(lines: readonly string[]): string {
  return lines.map(line => `  - ${wrapped(line, 4)}\n`).join('');
}

function wrapped(text: string, indent: number): string {
  return wrap(text, indent, columnsOf(process.stdout));
}
