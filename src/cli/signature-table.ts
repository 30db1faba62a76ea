import { SIGNATURES } from '../detect/signatures/index.ts';
import { table } from '../printing/table.ts';
import { SEVERITIES } from '../telemetry/record/record.ts';

/** The catalogue as a table. @param columns width of the terminal; undefined where there is none */
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
