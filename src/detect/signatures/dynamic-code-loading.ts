import { matchProtection } from '../acts/memory-protection.ts';
import type { Signature } from '../detection.ts';
import { MITRE } from '../mitre.ts';

export const dynamicCodeLoading: Signature = {
  definition: {
    eventName: 'dynamic_code_loading',
    id: 'TRC-104',
    version: '1',
    severity: 2,
    // not in the default set, because JIT compilers do this all the time
    sets: ['signatures'],
    mitre: MITRE.softwarePacking,
    description: 'A process made memory executable that it could write to before.',
    reference: 'https://attack.mitre.org/techniques/T1027/002/',
  },
  kinds: ['mem_protect'],
  match: event => matchProtection(event, alert => alert === 'Protection changed from W to E!'),
};
