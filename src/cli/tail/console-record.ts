/** The fields that `tail` reads of a record as the console exporter prints it. */
export interface ConsoleRecord {
  readonly timestamp: string;
  readonly eventName: string;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Undefined for a line that is no record, for example of stderr, which `docker logs` mixes in. */
export function parseConsoleRecord(line: string): ConsoleRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // not JSON: the caller counts the line
    return undefined;
  }
  return isConsoleRecord(value) ? value : undefined;
}

function isConsoleRecord(value: unknown): value is ConsoleRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { timestamp, eventName, severityText, body, attributes } = value as Partial<ConsoleRecord>;
  return (
    [timestamp, eventName, severityText, body].every(field => typeof field === 'string') &&
    typeof attributes === 'object' &&
    attributes !== null
  );
}
