/** More lines than this help nobody, and a file can be wrong in as many places as it has lines. */
export const LISTED_MAX = 10;

/**
 * The first of many lines, and how many there are after them.
 * @param count of all, where only the first were made
 */
export function listed(lines: readonly string[], count = lines.length): string[] {
  const first = lines.slice(0, LISTED_MAX);
  return [...first, ...(count > first.length ? [`… and ${count - first.length} more`] : [])];
}
