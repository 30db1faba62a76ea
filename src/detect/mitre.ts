import type { MitreTechnique } from './detection.ts';

const CREDENTIAL_ACCESS = { tacticId: 'TA0006', tacticName: 'credential-access' };
const DEFENSE_EVASION = { tacticId: 'TA0005', tacticName: 'defense-evasion' };
const PRIVILEGE_ESCALATION = { tacticId: 'TA0004', tacticName: 'privilege-escalation' };
const CREDENTIAL_DUMPING = { techniqueId: 'T1003', techniqueName: 'OS Credential Dumping' };
const PROCESS_INJECTION = { techniqueId: 'T1055', techniqueName: 'Process Injection' };

/** The techniques of ATT&CK for Linux that the signatures refer to (attack.mitre.org). */
export const MITRE = {
  credentialDumping: {
    ...CREDENTIAL_ACCESS,
    ...CREDENTIAL_DUMPING,
    stixId: 'attack-pattern--0a3ead4e-6d47-4ccb-854c-a6a4f9d96b22',
  },
  procFilesystem: {
    ...CREDENTIAL_ACCESS,
    ...CREDENTIAL_DUMPING,
    subtechniqueId: 'T1003.007',
    subtechniqueName: 'Proc Filesystem',
    stixId: 'attack-pattern--3120b9fa-23b8-4500-ae73-09494f607b7d',
  },
  processInjection: {
    ...DEFENSE_EVASION,
    ...PROCESS_INJECTION,
    stixId: 'attack-pattern--43e7dc91-05b2-474c-b9ac-2ed4fe101f4d',
  },
  ptraceSystemCalls: {
    ...DEFENSE_EVASION,
    ...PROCESS_INJECTION,
    subtechniqueId: 'T1055.008',
    subtechniqueName: 'Ptrace System Calls',
    stixId: 'attack-pattern--ea016b56-ae0e-47fe-967a-cc0ad51af67f',
  },
  procMemory: {
    ...DEFENSE_EVASION,
    ...PROCESS_INJECTION,
    subtechniqueId: 'T1055.009',
    subtechniqueName: 'Proc Memory',
    stixId: 'attack-pattern--d201d4cc-214d-4a74-a1ba-b3fa09fd4591',
  },
  softwarePacking: {
    ...DEFENSE_EVASION,
    techniqueId: 'T1027',
    techniqueName: 'Obfuscated Files or Information',
    subtechniqueId: 'T1027.002',
    subtechniqueName: 'Software Packing',
    stixId: 'attack-pattern--deb98323-e13f-4b0c-8d94-175379069062',
  },
  escapeToHost: {
    ...PRIVILEGE_ESCALATION,
    techniqueId: 'T1611',
    techniqueName: 'Escape to Host',
    stixId: 'attack-pattern--4a5b7ade-8bb5-4853-84ed-23f262002665',
  },
} as const satisfies Readonly<Record<string, MitreTechnique>>;
