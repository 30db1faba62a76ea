import { MemwardenError } from '../errors.ts';
import { LISTED_MAX, listed } from '../printing/listed.ts';
import { quoted } from '../printing/printable.ts';
import type { Setting } from './setting.ts';
import { suggestion } from './suggestion.ts';

/** One thing that is wrong with the configuration. */
export interface Problem {
  /** Dotted key of the setting, as the file has it. */
  readonly key: string;
  /** Where it was assigned: `memwarden.yaml:3:5`, `OTEL_LOGS_EXPORTER`, `--exporter`. */
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

/** The choice that is most similar to the first wrong word of a value. */
function nearest(value: unknown, choices: readonly string[]): string | undefined {
  const words = String(value)
    .split(',')
    .map(word => word.trim());
  const wrong = words.find(word => !choices.includes(word));
  return wrong === undefined ? undefined : suggestion(wrong, choices);
}

/** Collects problems. Only those that will be shown are described, since a suggestion compares every setting's name. */
export class Problems {
  readonly #first: Problem[] = [];
  #count = 0;

  add(describe: () => Problem): void {
    if (this.#count++ < LISTED_MAX) this.#first.push(describe());
  }

  /** @throws MemwardenError CONFIG_INVALID that names the first of the problems, and their number, when there is one */
  assertNone(): void {
    if (this.#count === 0) return;
    const lines = this.#first.map(
      ({ key, origin, message }) => `  ${quoted(key)} (${quoted(origin)}): ${message}`,
    );
    const count = this.#count === 1 ? 'one setting is' : `${this.#count} settings are`;
    throw new MemwardenError(
      'CONFIG_INVALID',
      [`failed to load the configuration: ${count} wrong`, ...listed(lines, this.#count)],
      'memwarden config validate checks a file without starting; memwarden config show lists every setting',
    );
  }
}
