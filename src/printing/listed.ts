/** Most lines of a list of problems: a file can have one on every line. */
export const LISTED_MAX = 10;

/**
 * The first lines of a list, and the number of the others.
 * @param count number of all lines, where `lines` has only the first
 */
export function listed(lines: readonly string[], count = lines.length): string[] {
  const first = lines.slice(0, LISTED_MAX);
  return [...first, ...(count > first.length ? [`… and ${count - first.length} more`] : [])];
}
