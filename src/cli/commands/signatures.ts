import type { Command } from 'commander';
import { SIGNATURES } from '../../detect/signatures/index.ts';
import { SEVERITIES } from '../../telemetry/record.ts';
import { table } from '../table.ts';

/** `memwarden signatures`: what is detected. */
export function addSignatures(program: Command): void {
  program
    .command('signatures')
    .description('list what is detected, with severity and MITRE ATT&CK technique')
    .option('--json', 'one JSON array with everything there is to know')
    .addHelpText(
      'after',
      '\nExamples:\n  memwarden signatures\n  memwarden signatures --json | jq -r ".[].eventName"',
    )
    .action((options: { json?: true }) => {
      const definitions = SIGNATURES.map(({ definition }) => definition);
      if (options.json) {
        process.stdout.write(`${JSON.stringify(definitions, undefined, 2)}\n`);
        return;
      }
      const rows = definitions.map(({ id, eventName, severity, mitre, sets, description }) => [
        id ?? '-',
        eventName,
        SEVERITIES[severity][1],
        mitre === undefined ? '-' : (mitre.subtechniqueId ?? mitre.techniqueId),
        sets.join(','),
        description,
      ]);
      process.stdout.write(table(['ID', 'EVENT', 'SEVERITY', 'TECHNIQUE', 'SETS', 'MEANING'], rows));
    });
}
