/** A line of the console exporter: one log record. */
export interface ConsoleRecord {
  readonly timestamp: string;
  readonly observedTimestamp: string;
  readonly eventName: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly scope: { readonly name: string; readonly version: string };
}

/** Throws SyntaxError when the line is not JSON: only records may be on the sidecar's stdout. */
export function parseConsoleRecord(line: string): ConsoleRecord {
  return JSON.parse(line);
}

/** An attribute that is a number. */
export function numberOf(record: ConsoleRecord, name: string): number | undefined {
  const value = record.attributes[name];
  return typeof value === 'number' ? value : undefined;
}

/** Pids of the actor's ancestors, from `comm(pid)`. */
export function ancestorsOf(record: ConsoleRecord): readonly number[] {
  const ancestors = record.attributes['memwarden.ancestors'];
  if (!Array.isArray(ancestors)) return [];
  return ancestors.map(ancestor => Number(/\((\d+)\)$/.exec(String(ancestor))?.[1]));
}
