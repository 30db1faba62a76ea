import { matchMemoryFile } from '../acts/memory-file.ts';
import type { Signature } from '../detection.ts';
import { MITRE } from '../mitre.ts';

export const procMemAccess: Signature = {
  definition: {
    eventName: 'proc_mem_access',
    id: 'TRC-1023',
    version: '1',
    severity: 3,
    sets: ['signatures', 'default'],
    mitre: MITRE.procFilesystem,
    description: 'A process opened the memory file of a process in procfs for reading, or read through it.',
    reference: 'https://attack.mitre.org/techniques/T1003/007/',
  },
  kinds: ['proc_mem_open', 'mem_io'],
  match: event => matchMemoryFile(event, 'read'),
};
