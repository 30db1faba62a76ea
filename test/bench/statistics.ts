/** The median; NaN of an empty list. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** @param part 0.99 for the value that 99 of 100 do not exceed */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** With three significant digits at most, and thousands apart. */
export function readable(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(value >= 1 ? 3 : 2)));
}
