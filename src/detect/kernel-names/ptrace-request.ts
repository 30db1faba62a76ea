/** Requests of ptrace(2). The numbers are the same on x86-64 and arm64 (linux/ptrace.h, asm/ptrace-abi.h). */
export const PTRACE = {
  TRACEME: 0,
  PEEKTEXT: 1,
  PEEKDATA: 2,
  PEEKUSER: 3,
  POKETEXT: 4,
  POKEDATA: 5,
  POKEUSER: 6,
  CONT: 7,
  KILL: 8,
  SINGLESTEP: 9,
  GETREGS: 12,
  SETREGS: 13,
  GETFPREGS: 14,
  SETFPREGS: 15,
  ATTACH: 16,
  DETACH: 17,
  SYSCALL: 24,
  SETOPTIONS: 0x4200,
  GETEVENTMSG: 0x4201,
  GETSIGINFO: 0x4202,
  SETSIGINFO: 0x4203,
  GETREGSET: 0x4204,
  SETREGSET: 0x4205,
  SEIZE: 0x4206,
  INTERRUPT: 0x4207,
  LISTEN: 0x4208,
  PEEKSIGINFO: 0x4209,
  GETSIGMASK: 0x420a,
  SETSIGMASK: 0x420b,
} as const;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(PTRACE).map(([name, request]) => [request, `PTRACE_${name}`]),
);

/** Name of a ptrace request, `PTRACE_ATTACH` for 16; a hexadecimal number for one that is not listed here. */
export function ptraceRequestName(request: number): string {
  return NAMES.get(request) ?? `0x${(request >>> 0).toString(16)}`;
}
