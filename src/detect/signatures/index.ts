import type { Signature } from '../detection.ts';
import { dynamicCodeLoading } from './dynamic-code-loading.ts';
import { memProtAlert } from './mem-prot-alert.ts';
import { procKcoreRead } from './proc-kcore-read.ts';
import { procMemAccess } from './proc-mem-access.ts';
import { procMemCodeInjection } from './proc-mem-code-injection.ts';
import { procMemFdTheft } from './proc-mem-fd-theft.ts';
import { processVmRead } from './process-vm-read.ts';
import { processVmWriteInject } from './process-vm-write-inject.ts';
import { ptraceCodeInjection } from './ptrace-code-injection.ts';
import { ptraceMemoryAccess } from './ptrace-memory-access.ts';
import { securityFileOpen } from './security-file-open.ts';

/** All signatures, in the order of the catalogue. To add one, add its file and a line here. */
export const SIGNATURES: readonly Signature[] = [
  procMemAccess,
  procMemCodeInjection,
  procKcoreRead,
  processVmWriteInject,
  ptraceCodeInjection,
  dynamicCodeLoading,
  processVmRead,
  ptraceMemoryAccess,
  procMemFdTheft,
  securityFileOpen,
  memProtAlert,
];
