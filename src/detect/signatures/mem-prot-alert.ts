import { matchProtection } from '../acts/memory-protection.ts';
import type { Signature } from '../detection.ts';

export const memProtAlert: Signature = {
  definition: {
    eventName: 'mem_prot_alert',
    version: '1',
    severity: 0,
    sets: ['base'],
    description: 'Memory was mapped writable and executable, or its protection changed in a suspicious way.',
  },
  kinds: ['mem_protect'],
  match: event => matchProtection(event, () => true),
};
