import { Document, isScalar } from 'yaml';
import { type Configuration, settings } from '../config/index.ts';

const SECRET = '[secret]';

/** The settings as one JSON object, without secrets. */
export function settingsJson(configuration: Configuration): string {
  return `${JSON.stringify(shown(configuration).toJS(), undefined, 2)}\n`;
}

/** The settings as a YAML file that `--config` takes back; what is not at its default says where it comes from. */
export function settingsYaml(configuration: Configuration): string {
  return shown(configuration).toString({
    lineWidth: 0,
    flowCollectionPadding: false,
  });
}

function shown({ settings: values, origins }: Configuration): Document {
  const document = new Document(values);
  for (const [key, { sensitive, type }] of settings) {
    const path = key.split('.');
    const value: unknown = path.reduce<unknown>((inner, name) => member(inner, name), values);
    const origin = origins.get(key);
    if (value !== undefined && sensitive) hide(document, path, value);
    else if (value !== undefined && type.show !== undefined) document.setIn(path, type.show(value));
    const node = document.getIn(path, true);
    if (origin !== undefined && isScalar(node)) node.comment = ` ${origin}`;
    else if (origin !== undefined && node instanceof Object && 'commentBefore' in node)
      node.commentBefore = ` ${origin}`;
  }
  return document;
}

/** Names of secret headers are no secret, and help to see which one is set. */
function hide(document: Document, path: readonly string[], value: unknown): void {
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : undefined;
  if (names === undefined) document.setIn(path, SECRET);
  for (const name of names ?? []) document.setIn([...path, name], SECRET);
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
