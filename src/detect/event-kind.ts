import type { CapturedEvent, EventKind } from '../capture/event.ts';

/** Kind of an event. An event of kind `repeat` has all fields of the event that it repeats but its kind. */
export function kindOf(event: CapturedEvent): EventKind {
  if (event.kind !== 'repeat') return event.kind;
  switch (event.method) {
    case 'open':
      if (event.target !== undefined) return 'proc_mem_open';
      if (event.path?.endsWith('/kcore')) return 'kcore_open';
      return event.byText ? 'proc_mem_open' : 'file_open';
    case 'process_vm_readv':
    case 'process_vm_writev':
      return 'process_vm';
    case 'ptrace':
      return 'ptrace';
    case 'pidfd_getfd':
    case 'scm_rights':
    case 'inherited':
      return 'fd_transfer';
    case 'fd_read':
    case 'fd_write':
      return 'mem_io';
    case 'mmap':
    case 'mprotect':
      return 'mem_protect';
  }
}
