import type { Command } from 'commander';
import { SIGNATURES } from '../../detect/signatures/index.ts';
import { jsonText } from '../../printing/printable.ts';
import { columnsOf } from '../../printing/wrap.ts';
import { signatureTable } from '../signature-table.ts';

const EXAMPLES = `
Examples:
  memwarden signatures
  memwarden signatures --json | jq -r '.[].eventName'`;

/** `memwarden signatures`. */
export function addSignatures(program: Command): void {
  program
    .command('signatures')
    .description('list what is detected, with severity and MITRE ATT&CK technique')
    .option('--json', 'one JSON array with all properties')
    .addHelpText('after', EXAMPLES)
    .action((options: { json?: true }) => {
      const definitions = SIGNATURES.map(({ definition }) => definition);
      process.stdout.write(
        options.json ? `${jsonText(definitions, 2)}\n` : signatureTable(columnsOf(process.stdout)),
      );
    });
}
