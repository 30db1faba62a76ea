import { readFileSync } from 'node:fs';

/** The mode of lockdown that is in force; undefined where the kernel has none or securityfs is not mounted. */
export function lockdownMode(): string | undefined {
  try {
    // the file lists all modes, with the one in force in brackets
    return /\[(\w+)\]/.exec(readFileSync('/sys/kernel/security/lockdown', 'utf8'))?.[1];
  } catch {
    return undefined; // it explains a refusal where it can, and is never needed for one
  }
}
