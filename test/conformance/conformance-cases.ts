import { readFileSync } from 'node:fs';

/** An open of a file: the kind of file for the kernel, and the detections that must be reported. */
export interface OpenCase {
  readonly case: string;
  readonly fs: 'proc' | 'tmpfs';
  readonly dentry: string;
  readonly target?: 'other' | 'other-thread' | 'self' | 'child' | number;
  readonly flags: string;
  readonly path?: string;
  readonly errno?: string;
  readonly expect: readonly string[];
  readonly self_access?: boolean;
  readonly target_is_descendant?: boolean;
  readonly severity?: number;
  readonly outcome?: 'success' | 'failure';
}

export interface SyscallCase {
  readonly call: 'process_vm_readv' | 'process_vm_writev' | 'ptrace';
  readonly request?: string;
  readonly target: 'other' | 'self' | 'own-thread';
  readonly expect: readonly string[];
}

export interface ProtectionCase {
  readonly call: 'mmap' | 'mprotect';
  readonly prot?: string;
  readonly from?: string;
  readonly to?: string;
  readonly alert: string | null;
  readonly also?: readonly string[];
}

export interface ConformanceCases {
  readonly open: readonly OpenCase[];
  readonly syscall: readonly SyscallCase[];
  readonly mem_prot_alert: readonly ProtectionCase[];
}

/** The cases of signatures.json: acts, and the detections that must be reported. */
export function loadConformanceCases(): ConformanceCases {
  return JSON.parse(readFileSync(new URL('./signatures.json', import.meta.url), 'utf8'));
}
