import { matchProcessVm } from '../acts/process-vm.ts';
import type { Signature } from '../detection.ts';
import { MITRE } from '../mitre.ts';

export const processVmWriteInject: Signature = {
  definition: {
    eventName: 'process_vm_write_inject',
    id: 'TRC-1025',
    version: '1',
    severity: 3,
    sets: ['signatures', 'default'],
    mitre: MITRE.processInjection,
    description: 'A process wrote into the memory of another process with process_vm_writev(2).',
    reference: 'https://attack.mitre.org/techniques/T1055/',
  },
  kinds: ['process_vm'],
  match: event => matchProcessVm(event, 'process_vm_writev'),
};
