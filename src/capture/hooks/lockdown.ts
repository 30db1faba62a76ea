import { readFileSync } from 'node:fs';

/** The current mode of lockdown(7); undefined where the kernel has none or securityfs is not mounted. */
export function lockdownMode(): string | undefined {
  try {
    // the file lists all modes, with the one in force in brackets
    return /\[(\w+)\]/.exec(readFileSync('/sys/kernel/security/lockdown', 'utf8'))?.[1];
  } catch {
    return undefined; // the mode only serves to explain a refusal
  }
}
