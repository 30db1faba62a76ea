/** One record as the console exporter prints it (README, "Use"); what is not read here is left out. */
export interface ConsoleRecord {
  readonly timestamp: string;
  readonly eventName: string;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Undefined for a line that is no record, such as what a container's other stream mixes in. */
export function parseConsoleRecord(line: string): ConsoleRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // the caller counts it as a line that is no record
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
