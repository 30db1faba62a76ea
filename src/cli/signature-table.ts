import { SIGNATURES } from '../detect/signatures/index.ts';
import { table } from '../printing/table.ts';
import { SEVERITIES } from '../telemetry/record/record.ts';

/** The catalogue as a table for a person. @param columns width of the terminal, if it is one */
export function signatureTable(columns?: number): string {
  const rows = SIGNATURES.map(({ definition: { id, eventName, severity, mitre, sets, description } }) => [
    id ?? '-',
    eventName,
    SEVERITIES[severity][1],
    mitre === undefined ? '-' : (mitre.subtechniqueId ?? mitre.techniqueId),
    sets.join(','),
    description,
  ]);
  return table(['ID', 'EVENT', 'SEVERITY', 'TECHNIQUE', 'SETS', 'MEANING'], rows, columns);
}
