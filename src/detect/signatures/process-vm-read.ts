import { matchProcessVm } from '../acts/process-vm.ts';
import type { Signature } from '../detection.ts';
import { MITRE } from '../mitre.ts';

export const processVmRead: Signature = {
  definition: {
    eventName: 'process_vm_read',
    id: 'MEM-1001',
    version: '1',
    severity: 3,
    sets: ['signatures', 'default'],
    mitre: MITRE.procFilesystem,
    description: 'A process read the memory of another process with process_vm_readv(2).',
    reference: 'https://attack.mitre.org/techniques/T1003/007/',
  },
  kinds: ['process_vm'],
  match: event => matchProcessVm(event, 'process_vm_readv'),
};
