import { constants } from 'node:os';

const { errno } = constants;

/** Two numbers have two names each. The last two entries win: these are the names that the kernel's sources use. */
const NAMES: ReadonlyMap<number, string> = new Map(
  [
    ...Object.entries(errno),
    ['EAGAIN', errno.EAGAIN] as const,
    ['EOPNOTSUPP', errno.EOPNOTSUPP] as const,
  ].map(([name, number]) => [number, name]),
);

/**
 * Name of the error in the result of a kernel call, `EACCES` for -13; undefined when the result is a success. A number
 * without a name is given as it is: `errno 512`.
 */
export function errnoName(result: number): string | undefined {
  if (result >= 0) return undefined;
  return NAMES.get(-result) ?? `errno ${-result}`;
}
