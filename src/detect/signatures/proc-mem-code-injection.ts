import { matchMemoryFile } from '../acts/memory-file.ts';
import type { Signature } from '../detection.ts';
import { MITRE } from '../mitre.ts';

export const procMemCodeInjection: Signature = {
  definition: {
    eventName: 'proc_mem_code_injection',
    id: 'TRC-1024',
    version: '1',
    severity: 3,
    sets: ['signatures', 'default'],
    mitre: MITRE.procMemory,
    description: 'A process opened the memory file of a process in procfs for writing, or wrote through it.',
    reference: 'https://attack.mitre.org/techniques/T1055/009/',
  },
  kinds: ['proc_mem_open', 'mem_io'],
  match: event => matchMemoryFile(event, 'write'),
};
