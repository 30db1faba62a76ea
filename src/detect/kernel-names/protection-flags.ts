/** `PROT_*` of asm-generic/mman-common.h. */
export const PROT_WRITE = 0x2;
export const PROT_EXEC = 0x4;

const NAMES: readonly (readonly [name: string, bits: number])[] = [
  ['PROT_READ', 0x1],
  ['PROT_WRITE', PROT_WRITE],
  ['PROT_EXEC', PROT_EXEC],
  ['PROT_SEM', 0x8],
  // arch/arm64/include/uapi/asm/mman.h
  ['PROT_BTI', 0x10],
  ['PROT_MTE', 0x20],
  ['PROT_GROWSDOWN', 0x01000000],
  ['PROT_GROWSUP', 0x02000000],
];

/** The `PROT_*` bits of a memory area as text, `PROT_READ|PROT_EXEC`; bits without a name last, as one hexadecimal number. */
export function decodeProtection(protection: number): string {
  if (protection === 0) return 'PROT_NONE';
  const names: string[] = [];
  let rest = protection;
  for (const [name, bits] of NAMES) {
    if ((rest & bits) === 0) continue;
    names.push(name);
    rest &= ~bits;
  }
  if (rest !== 0) names.push(`0x${(rest >>> 0).toString(16)}`);
  return names.join('|');
}
