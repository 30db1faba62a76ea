import { matchMemoryFile } from '../acts/memory-file.ts';
import type { Signature } from '../detection.ts';
import { MITRE } from '../mitre.ts';

export const procMemFdTheft: Signature = {
  definition: {
    eventName: 'proc_mem_fd_theft',
    id: 'MEM-1003',
    version: '1',
    severity: 3,
    sets: ['signatures', 'default'],
    mitre: MITRE.procFilesystem,
    description:
      "A process got or used a descriptor of another process's memory that it had not opened itself.",
    reference: 'https://attack.mitre.org/techniques/T1003/007/',
  },
  // Use by a process other than the opener is an fd_transfer event too, with fd_read or fd_write as the method.
  kinds: ['fd_transfer'],
  match: event => (event.selfAccess ? undefined : matchMemoryFile(event, 'any')),
};
