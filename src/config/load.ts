import convict from 'convict';
import { keepSecretsOfText } from '../printing/secrets.ts';
import type { Assignment } from './assignment.ts';
import { impossibleCombinations } from './combinations.ts';
import { assignmentsOfEnvironment } from './environment-source.ts';
import { assignmentsOfFile } from './file-source.ts';
import { notAllowed, Problems } from './problem.ts';
import { type Settings, schema, settings } from './schema.ts';
import { isSetting, type Setting, type SettingTree } from './setting.ts';
import { unknownKey } from './unknown-key.ts';

export interface SettingSources {
  /** YAML file; undefined: none. */
  readonly file?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** What flags assign; the last one on a key wins. */
  readonly flags?: readonly Assignment[];
}

/** The settings, and where each that is not at its default was assigned, by key. */
export interface Configuration {
  readonly settings: Settings;
  readonly origins: ReadonlyMap<string, string>;
}

/**
 * Settings of file < environment < flags, over the defaults of the schema.
 * @throws MemwardenError CONFIG_INVALID with the first ten unknown keys, bad values or impossible combinations, and their
 * number
 */
export function loadConfiguration({ file, env = {}, flags = [] }: SettingSources): Configuration {
  const assignments = [
    ...(file === undefined ? [] : assignmentsOfFile(file)),
    ...assignmentsOfEnvironment(env),
    ...flags,
  ];
  const problems = new Problems();
  const values = new Map<string, unknown>();
  const origins = new Map<string, string>();
  for (const assignment of assignments) {
    const { key, value, origin } = assignment;
    const definition = settings.get(key);
    keepSecrets(definition, value);
    const parsed = definition?.type.parse(value);
    if (definition === undefined) problems.add(() => unknownKey(assignment));
    else if (parsed === undefined) problems.add(() => notAllowed(key, definition, value, origin));
    else {
      values.set(key, value);
      origins.set(key, origin);
    }
  }
  problems.assertNone();
  const complete = withDefaults(values);
  for (const problem of impossibleCombinations(complete, origins)) problems.add(() => problem);
  problems.assertNone();
  return { settings: complete, origins };
}

/** Before the value can appear in a message: an invalid one, or one at a wrong key, may contain a password too. */
function keepSecrets(definition: Setting<unknown> | undefined, value: unknown): void {
  const keep = definition?.type.keepSecrets ?? keepSecretsOfText;
  for (const text of textsOf(value)) keep(text);
}

/** All texts in a YAML value; the entries of a mapping, such as headers, as `name=value`, with `,` and line feeds encoded. */
function* textsOf(value: unknown, name = ''): Generator<string> {
  if (value === null || value === undefined) return;
  if (typeof value !== 'object') {
    const text = String(value);
    yield name === '' ? text : `${name}${text.replace(/[,\n]/g, encodeURIComponent)}`;
  } else
    for (const [key, inner] of Object.entries(value))
      yield* textsOf(inner, Array.isArray(value) ? '' : `${key}=`);
}

/** As `loadConfiguration`, without the origins. */
export function loadSettings(sources: SettingSources): Settings {
  return loadConfiguration(sources).settings;
}

function withDefaults(values: ReadonlyMap<string, unknown>): Settings {
  const config = convict<Record<string, unknown>>(convictSchema(schema), { env: {}, args: [] });
  const mappings: [string, unknown][] = [];
  for (const [key, value] of values) {
    // convict takes a dot in the key of a mapping for a path of its own: mappings go in after its check
    if (settings.get(key)?.type.isMapping) mappings.push([key, value]);
    else config.set(key, value);
  }
  config.validate({ allowed: 'strict' });
  for (const [key, value] of mappings) config.set(key, value);
  return withoutAbsent(config.getProperties()) as Settings;
}

function convictSchema(tree: SettingTree): convict.Schema<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(tree).map(([name, node]) => [
      name,
      isSetting(node)
        ? { doc: node.doc, default: node.default, sensitive: node.sensitive, format: node.type.name }
        : convictSchema(node),
    ]),
  );
}

/**
 * Registers our formats with convict, which coerces and checks values by them. Its own are too lenient: `boolean` takes
 * every text but `false` for true, `int` takes `12abc` for 12.
 */
function registerFormats(): void {
  const types = new Map([...settings.values()].map(({ type }) => [type.name, type]));
  convict.addFormats(
    Object.fromEntries(
      [...types].map(([name, { parse, allowed }]) => [
        name,
        {
          coerce: (value: unknown) => parse(value) ?? value,
          validate: (value: unknown) => {
            // a setting may be without a value
            if (value !== undefined && parse(value) === undefined) throw new Error(`allowed: ${allowed}`);
          },
        },
      ]),
    ),
  );
}

registerFormats();

/** Without the keys that are undefined, as the types of the stages' options require (exactOptionalPropertyTypes). */
function withoutAbsent(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, isGroup(value) ? withoutAbsent(value) : value]),
  );
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
