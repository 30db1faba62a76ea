import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIGNATURES } from '../../src/detect/signatures/index.ts';

/** The public contract: name, id, severity, sets, tactic, technique, STIX id. */
const CATALOGUE = `
proc_mem_access         | TRC-1023 | 3 | signatures, default | credential-access TA0006    | T1003.007 Proc Filesystem     | attack-pattern--3120b9fa-23b8-4500-ae73-09494f607b7d
proc_mem_code_injection | TRC-1024 | 3 | signatures, default | defense-evasion TA0005      | T1055.009 Proc Memory         | attack-pattern--d201d4cc-214d-4a74-a1ba-b3fa09fd4591
proc_kcore_read         | TRC-1021 | 2 | signatures, default | privilege-escalation TA0004 | T1611 Escape to Host          | attack-pattern--4a5b7ade-8bb5-4853-84ed-23f262002665
process_vm_write_inject | TRC-1025 | 3 | signatures, default | defense-evasion TA0005      | T1055 Process Injection       | attack-pattern--43e7dc91-05b2-474c-b9ac-2ed4fe101f4d
ptrace_code_injection   | TRC-103  | 3 | signatures, default | defense-evasion TA0005      | T1055.008 Ptrace System Calls | attack-pattern--ea016b56-ae0e-47fe-967a-cc0ad51af67f
dynamic_code_loading    | TRC-104  | 2 | signatures          | defense-evasion TA0005      | T1027.002 Software Packing    | attack-pattern--deb98323-e13f-4b0c-8d94-175379069062
process_vm_read         | MEM-1001 | 3 | signatures, default | credential-access TA0006    | T1003.007 Proc Filesystem     | attack-pattern--3120b9fa-23b8-4500-ae73-09494f607b7d
ptrace_memory_access    | MEM-1002 | 2 | signatures, default | credential-access TA0006    | T1003 OS Credential Dumping   | attack-pattern--0a3ead4e-6d47-4ccb-854c-a6a4f9d96b22
proc_mem_fd_theft       | MEM-1003 | 3 | signatures, default | credential-access TA0006    | T1003.007 Proc Filesystem     | attack-pattern--3120b9fa-23b8-4500-ae73-09494f607b7d
security_file_open      | –        | – | base                | –                           | –                             | –
mem_prot_alert          | –        | – | base                | –                           | –                             | –`;

const rows = CATALOGUE.trim()
  .split('\n')
  .map(row => row.split('|').map(cell => cell.trim()));

/** A signature as a row of the table; raw events have severity 0. */
function rowOf({ definition }: (typeof SIGNATURES)[number]): readonly string[] {
  const { eventName, id, severity, sets, mitre } = definition;
  if (id === undefined || mitre === undefined) {
    assert.equal(severity, 0);
    return [eventName, '–', '–', sets.join(', '), '–', '–', '–'];
  }
  const technique = `${mitre.subtechniqueId ?? mitre.techniqueId} ${mitre.subtechniqueName ?? mitre.techniqueName}`;
  return [
    eventName,
    id,
    String(severity),
    sets.join(', '),
    `${mitre.tacticName} ${mitre.tacticId}`,
    technique,
    mitre.stixId,
  ];
}

test('the catalogue has exactly these events, in this order, with these public properties', () => {
  assert.deepEqual(SIGNATURES.map(rowOf), rows);
});

test('every version is 1', () => {
  assert.deepEqual([...new Set(SIGNATURES.map(({ definition }) => definition.version))], ['1']);
});

test('a sub-technique belongs to the technique in the same row', () => {
  for (const { definition } of SIGNATURES) {
    const { mitre } = definition;
    if (mitre?.subtechniqueId !== undefined)
      assert.equal(mitre.subtechniqueId.split('.')[0], mitre.techniqueId);
  }
});
