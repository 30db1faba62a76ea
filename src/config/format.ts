import { maskEndpoint } from '../printing/mask.ts';
import { keepSecretsOfEndpoint, keepSecretsOfHeaders } from '../printing/secrets.ts';

/** A type of settings: parses a text or YAML value, and describes what is allowed. */
export interface Format<T> {
  /** Name in convict's registry and in the settings reference; unique. */
  readonly name: string;
  /** Completes the sentence "allowed: …". */
  readonly allowed: string;
  /** The closed list of values, where there is one; for suggestions and shell completion. */
  readonly choices?: readonly string[];
  /** Undefined when the value is not allowed. Text comes from the environment, flags or YAML strings. */
  parse(value: unknown): T | undefined;
  /** The value is a mapping of names to texts. */
  readonly isMapping?: true;
  /** The text of a valid or invalid value without its secrets; absent where it cannot have any. */
  show?(text: string): string;
  /** Registers what may be secret in a valid or invalid value, so that it is never printed. */
  keepSecrets?(text: string): void;
}

const TEXT_BOOLEANS = new Map([
  ['true', true],
  ['false', false],
]);

export const flag: Format<boolean> = {
  name: 'boolean',
  allowed: 'true, false',
  choices: ['true', 'false'],
  parse: value =>
    typeof value === 'boolean'
      ? value
      : typeof value === 'string'
        ? TEXT_BOOLEANS.get(value.toLowerCase())
        : undefined,
};

/** A whole number within bounds; `unit` completes the name, for example `ms`. */
export function integer(minimum: number, maximum: number, unit = ''): Format<number> {
  const suffix = unit === '' ? '' : ` ${unit}`;
  return {
    name: `integer ${minimum}..${maximum}${suffix}`,
    allowed: `a whole number from ${minimum} to ${maximum}${suffix}`,
    parse: value => within(wholeNumber(value), minimum, maximum),
  };
}

/** Bytes, with an optional binary unit: `1048576`, `64KiB`, `512MiB`, `2GiB`. */
export function bytes(minimum: number, options: { powerOfTwo?: boolean } = {}): Format<number> {
  const shape = options.powerOfTwo ? ', a power of two' : '';
  return {
    name: `bytes from ${minimum}${shape}`,
    allowed: `bytes such as 65536, 64KiB, 512MiB or 2GiB, at least ${minimum}${shape}`,
    parse: value => {
      const count = scaled(value, BYTE_UNITS);
      if (options.powerOfTwo && count !== undefined && !Number.isInteger(Math.log2(count))) return undefined;
      return within(count, minimum, Number.MAX_SAFE_INTEGER);
    },
  };
}

/** Milliseconds, with an optional unit: `250`, `250ms`, `10s`, `5m`, `12h`, `7d`. */
export const duration: Format<number> = {
  name: 'duration',
  allowed: 'milliseconds, or a number with ms, s, m, h or d, such as 10s',
  parse: value => within(scaled(value, TIME_UNITS), 0, Number.MAX_SAFE_INTEGER),
};

const BYTE_UNITS = new Map([
  ['', 1],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
]);

const TIME_UNITS = new Map([
  ['', 1],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** One of a closed list; letter case is ignored. */
export function oneOf<const C extends string>(...choices: readonly C[]): Format<C> {
  return {
    name: choices.join('|'),
    allowed: choices.join(', '),
    choices,
    parse: value =>
      typeof value === 'string' ? choices.find(choice => choice === value.toLowerCase()) : undefined,
  };
}

export const text: Format<string> = {
  name: 'text',
  allowed: 'text that is not empty',
  parse: value => (typeof value === 'string' && value.trim() !== '' ? value : undefined),
};

export const filePath: Format<string> = {
  name: 'path',
  allowed: 'a file system path',
  parse: value => (typeof value === 'string' && value !== '' && !value.includes('\0') ? value : undefined),
};

/** A list of texts: a YAML sequence, or one text with commas. Blanks around an entry are dropped. */
export const list: Format<readonly string[]> = {
  name: 'list',
  allowed: 'a list, or text separated by commas',
  parse: value => {
    const entries = typeof value === 'string' ? value.split(',').map(entry => entry.trim()) : value;
    if (!Array.isArray(entries)) return undefined;
    const texts = entries.filter(entry => typeof entry === 'string');
    return texts.length === entries.length ? texts.filter(entry => entry !== '') : undefined;
  },
};

/**
 * Names with values: a YAML mapping, or `key1=value1,key2=value2` with percent-encoding, as the OpenTelemetry
 * specification writes headers and resource attributes (W3C Baggage without properties).
 */
export const keyValues: Format<Readonly<Record<string, string>>> = {
  name: 'key=value list',
  allowed: 'a mapping of text to text, or key1=value1,key2=value2 (percent-encoded)',
  isMapping: true,
  parse: value => (typeof value === 'string' ? pairsFromText(value) : pairsFromMapping(value)),
};

/** As `keyValues`, where the values are secrets. */
export const headers: Format<Readonly<Record<string, string>>> = {
  ...keyValues,
  keepSecrets: keepSecretsOfHeaders,
};

/** As `keyValues`, kept as the text that the OpenTelemetry SDK's own parser takes. */
export const keyValueText: Format<string> = {
  name: 'key=value text',
  allowed: 'key1=value1,key2=value2 (percent-encoded)',
  parse: value => (typeof value === 'string' && pairsFromText(value) !== undefined ? value : undefined),
};

function pairsFromText(value: string): Record<string, string> | undefined {
  const pairs = new Map<string, string>();
  for (const pair of value.split(',')) {
    if (pair.trim() === '') continue;
    const equals = pair.indexOf('=');
    if (equals < 1) return undefined;
    const key = percentDecoded(pair.slice(0, equals).trim());
    const content = percentDecoded(pair.slice(equals + 1).trim());
    if (key === undefined || key === '' || content === undefined) return undefined;
    pairs.set(key, content);
  }
  return mappingOf([...pairs]);
}

/** Values must be texts: in a file every scalar is one, and neither null nor a list is allowed. */
function pairsFromMapping(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const pairs = Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return pairs.length === Object.keys(value).length ? mappingOf(pairs) : undefined;
}

/** Undefined with the name `__proto__`, which convict silently drops. */
function mappingOf(pairs: readonly (readonly [string, string])[]): Record<string, string> | undefined {
  return pairs.some(([name]) => name === '__proto__') ? undefined : Object.fromEntries(pairs);
}

function percentDecoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    // a % without two hexadecimal digits: the caller reports the whole value as not allowed
    return undefined;
  }
}

/** An OTLP endpoint; `telemetry` interprets its parts for the protocol in use. */
export const endpoint: Format<string> = {
  name: 'endpoint',
  allowed:
    'http://host:port, https://host:port, host:port or unix:/path; @ / ? and # in a user, password, path or query percent-encoded',
  parse: value => {
    if (typeof value !== 'string' || value === '' || /\s/.test(value)) return undefined;
    if (/^unix:(\/\/)?\//.test(value)) return value;
    // in a password that is not encoded, URL.parse takes the part before one of these for the host, which is then looked up
    if (/[\\/?#][^@]*@/.test(value.replace(/^[a-z]+:\/\//i, ''))) return undefined;
    const url = URL.parse(value.includes('://') ? value : `http://${value}`);
    if (url === null || url.hostname === '') return undefined;
    return url.protocol === 'http:' || url.protocol === 'https:' ? value : undefined;
  },
  show: maskEndpoint,
  keepSecrets: keepSecretsOfEndpoint,
};

function wholeNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined;
  return typeof value === 'string' && /^[+-]?\d+$/.test(value.trim()) ? Number(value) : undefined;
}

function scaled(value: unknown, units: ReadonlyMap<string, number>): number | undefined {
  if (typeof value === 'number') return wholeNumber(value);
  if (typeof value !== 'string') return undefined;
  const parts = /^(\d+)\s*([A-Za-z]*)$/.exec(value.trim());
  const factor = units.get(parts?.[2] ?? '');
  return parts === null || factor === undefined ? undefined : Number(parts[1]) * factor;
}

function within(value: number | undefined, minimum: number, maximum: number): number | undefined {
  return value !== undefined && value >= minimum && value <= maximum ? value : undefined;
}
