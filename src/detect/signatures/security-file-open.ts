import type { Signature } from '../detection.ts';
import { accessModeOf, decodeOpenFlags } from '../kernel-names/open-flags.ts';

export const securityFileOpen: Signature = {
  definition: {
    eventName: 'security_file_open',
    version: '1',
    severity: 0,
    sets: ['base'],
    description: 'A file that the raw-event filter selects was opened.',
  },
  kinds: ['file_open'],
  match: event => {
    const mode = accessModeOf(event.flags);
    return {
      method: 'file_open',
      ...(mode === undefined ? {} : { mode }),
      data: {
        pathname: event.path ?? '',
        flags: decodeOpenFlags(event.flags),
        dev: event.device,
        // text because a double is exact only up to 53 bits
        inode: event.inode.toString(),
        ctime: event.ctimeNs.toString(),
        ...(event.requestedPath === undefined ? {} : { syscall_pathname: event.requestedPath }),
        pid: event.actor.tgid,
      },
    };
  },
};
