import { matchMemoryFile } from '../acts/memory-file.ts';
import type { Signature } from '../detection.ts';
import { MITRE } from '../mitre.ts';

export const procKcoreRead: Signature = {
  definition: {
    eventName: 'proc_kcore_read',
    id: 'TRC-1021',
    version: '1',
    severity: 2,
    sets: ['signatures', 'default'],
    mitre: MITRE.escapeToHost,
    description: 'A process opened the memory of the kernel, /proc/kcore, for reading.',
    reference: 'https://attack.mitre.org/techniques/T1611/',
  },
  kinds: ['kcore_open'],
  match: event => matchMemoryFile(event, 'read'),
};
