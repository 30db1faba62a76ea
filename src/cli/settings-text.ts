import { Document, isScalar, Scalar, visit } from 'yaml';
import { type Configuration, settings } from '../config/index.ts';
import { escapeText } from '../printing/escape.ts';
import { MASK, maskUrls } from '../printing/mask.ts';
import { jsonText, quoted } from '../printing/printable.ts';
import { withoutSecrets } from '../printing/secrets.ts';

/** The settings as one JSON object, without secrets. */
export function settingsJson(configuration: Configuration): string {
  return `${jsonText(shown(configuration).toJS(), 2)}\n`;
}

/** The settings as a YAML file that `--config` can read; a comment says where a value that is not the default was set. */
export function settingsYaml(configuration: Configuration): string {
  return shown(configuration).toString({
    lineWidth: 0,
    flowCollectionPadding: false,
    // a text folded over several lines could have one that looks like a setting
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
  });
}

function shown({ settings: values, origins }: Configuration): Document {
  const document = new Document(values);
  for (const [key, { sensitive, type }] of settings) {
    const path = key.split('.');
    const value: unknown = path.reduce<unknown>((inner, name) => member(inner, name), values);
    const origin = origins.get(key);
    if (value !== undefined && sensitive) hide(document, path, value);
    else if (typeof value === 'string' && type.show !== undefined) document.setIn(path, type.show(value));
    const node = document.getIn(path, true);
    const comment = ` ${quoted(origin ?? '')}`;
    if (origin !== undefined && isScalar(node)) node.comment = comment;
    else if (origin !== undefined && node instanceof Object && 'commentBefore' in node)
      node.commentBefore = comment;
  }
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value !== 'string') return;
      node.value = withoutSecrets(maskUrls(node.value));
      // between double quotes the escapes of `escapeText` are YAML's own: the value stays the same
      if (escapeText(String(node.value)) !== node.value) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document;
}

/** Hides values only: the name of a header is no secret, and shows which one is set. */
function hide(document: Document, path: readonly string[], value: unknown): void {
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : undefined;
  if (names === undefined) document.setIn(path, MASK);
  for (const name of names ?? []) document.setIn([...path, name], MASK);
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
