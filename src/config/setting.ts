import type { Format } from './format.ts';

/** One setting: its schema for convict, and its description for the reference, help and messages. */
export interface Setting<T> {
  /** What it does, with its unit. */
  readonly doc: string;
  readonly type: Format<unknown>;
  readonly default: T;
  /** Environment variables that set it; the first one that is set and not empty wins. Empty: named after the key. */
  readonly env: readonly string[];
  /** Its value never appears in messages, logs or `config show`. */
  readonly sensitive: boolean;
  /** The default in words, where the value itself depends on the machine or on other settings. */
  readonly defaultText: string | undefined;
}

export interface SettingOptions {
  /** OpenTelemetry names, most specific first; without them the name is MEMWARDEN_ and the key. */
  readonly env?: readonly string[];
  readonly sensitive?: boolean;
  readonly defaultText?: string;
}

/** Settings in groups, as the schema writes them. */
export interface SettingTree {
  readonly [key: string]: SettingTree | Setting<unknown>;
}

type OptionalKeys<S> = {
  [K in keyof S]: S[K] extends Setting<infer T> ? (undefined extends T ? K : never) : never;
}[keyof S];

/** The typed values that a schema describes; a setting without a value is an absent key. */
export type ValuesOf<S> =
  S extends Setting<infer T>
    ? Exclude<T, undefined>
    : { readonly [K in Exclude<keyof S, OptionalKeys<S>>]: ValuesOf<S[K]> } & {
        readonly [K in OptionalKeys<S>]?: ValuesOf<S[K]>;
      };

/** A setting that always has a value. */
export function setting<T>(
  doc: string,
  type: Format<T>,
  defaultValue: T,
  options?: SettingOptions,
): Setting<T> {
  return complete(doc, type, defaultValue, options);
}

/** A setting that may be left out; it then has no value. */
export function optional<T>(doc: string, type: Format<T>, options?: SettingOptions): Setting<T | undefined> {
  return complete<T | undefined>(doc, type, undefined, options);
}

function complete<T>(
  doc: string,
  type: Format<unknown>,
  defaultValue: T,
  { env = [], sensitive = false, defaultText }: SettingOptions = {},
): Setting<T> {
  return { doc, type, default: defaultValue, env, sensitive, defaultText };
}

export function isSetting(node: SettingTree | Setting<unknown>): node is Setting<unknown> {
  return typeof node['doc'] === 'string';
}

/** Every setting of a tree with its dotted key, in the order written. */
export function flatten(tree: SettingTree, prefix = ''): ReadonlyMap<string, Setting<unknown>> {
  const settings = new Map<string, Setting<unknown>>();
  for (const [name, node] of Object.entries(tree)) {
    const key = `${prefix}${name}`;
    if (isSetting(node)) {
      settings.set(key, { ...node, env: node.env.length > 0 ? node.env : [environmentName(key)] });
    } else {
      for (const [inner, definition] of flatten(node, `${key}.`)) settings.set(inner, definition);
    }
  }
  return settings;
}

/** The names in each group of a tree, by the group's dotted key; `` is the top. */
export function groupsOf(tree: SettingTree, key = ''): ReadonlyMap<string, readonly string[]> {
  const found = new Map([[key, Object.keys(tree)]]);
  for (const [name, node] of Object.entries(tree)) {
    if (isSetting(node)) continue;
    for (const [inner, names] of groupsOf(node, key === '' ? name : `${key}.${name}`))
      found.set(inner, [...names]);
  }
  return found;
}

/** `capture.ringBufferBytes` → `MEMWARDEN_CAPTURE_RING_BUFFER_BYTES`. */
function environmentName(key: string): string {
  return `MEMWARDEN_${key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`;
}
