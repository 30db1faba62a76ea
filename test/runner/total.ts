/** A sum over all summaries of node:test in an output, of either reporter; as scripts/test.sh makes it. */
export function total(output: string, what: 'pass' | 'fail' | 'cancelled' | 'skipped'): number {
  const lines = output.matchAll(new RegExp(`^[^a-z0-9]* ${what} (\\d+)$`, 'gm'));
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}
