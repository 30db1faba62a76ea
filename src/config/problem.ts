import { MemwardenError } from '../errors.ts';
import { quoted } from '../printing/printable.ts';
import type { Setting } from './setting.ts';
import { suggestion } from './suggestion.ts';

/** One thing that is wrong with the configuration. */
export interface Problem {
  /** Dotted key of the setting, as the file has it. */
  readonly key: string;
  /** Where it was said: `memwarden.yaml:3:5`, `OTEL_LOGS_EXPORTER`, `--exporter`. */
  readonly origin: string;
  /** What is wrong, and what is allowed. */
  readonly message: string;
}

const NOT_SHOWN = 'the value (not shown)';

export function notAllowed(
  key: string,
  definition: Setting<unknown>,
  value: unknown,
  origin: string,
): Problem {
  const shown = definition.sensitive ? NOT_SHOWN : shownValue(definition, value);
  const near = definition.sensitive ? undefined : nearest(value, definition.type.choices ?? []);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return { key, origin, message: `${shown} is not allowed${hint}; allowed: ${definition.type.allowed}` };
}

function shownValue({ type: { show } }: Setting<unknown>, value: unknown): string {
  if (show === undefined) return quoted(JSON.stringify(value));
  return typeof value === 'string' ? `"${quoted(show(value))}"` : NOT_SHOWN;
}

/** The choice that the first wrong word of a value may have meant. */
function nearest(value: unknown, choices: readonly string[]): string | undefined {
  const words = String(value)
    .split(',')
    .map(word => word.trim());
  const wrong = words.find(word => !choices.includes(word));
  return wrong === undefined ? undefined : suggestion(wrong, choices);
}

/** @throws MemwardenError CONFIG_INVALID that names every problem, when there is one */
export function assertNone(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const lines = problems.map(
    ({ key, origin, message }) => `  ${quoted(key)} (${quoted(origin)}): ${message}`,
  );
  const count = problems.length === 1 ? 'one setting is' : `${problems.length} settings are`;
  throw new MemwardenError(
    'CONFIG_INVALID',
    [`failed to load the configuration: ${count} wrong`, ...lines],
    'memwarden config validate checks a file without starting; memwarden config show lists every setting',
  );
}
