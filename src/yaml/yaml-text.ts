import {
  Composer,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  type Node,
  type ParsedNode,
  Parser,
  type Scalar,
} from 'yaml';

/** Most bytes of a file that a person writes; ours have less than 10 KB. */
export const YAML_BYTES_MAX = 1024 * 1024;

/** Marks, texts, blanks and line ends: what the work of the parser is proportional to. */
const LEXEMES_MAX = 250_000;

/** Levels of lists and mappings in each other. */
const DEPTH_MAX = 64;

/** Nodes of a document once every alias is what it stands for. */
const NODES_MAX = 100_000;

/** What no YAML text has: control characters but tab and line ends (YAML 1.2.2, section 5.1). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/;

/** Something wrong with a YAML text; line and column count from 1. */
export interface YamlFault {
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

/** One document, with aliases that are known to end. */
export interface YamlText {
  readonly text: string;
  /** Undefined when the text has none: it is empty, or of comments only. */
  readonly contents: ParsedNode | undefined;
  /** When there is one, the contents are not to be used. */
  readonly faults: readonly YamlFault[];
  /** What an alias stands for; any other node is itself. */
  resolve(node: Node): Node;
  positionOf(offset: number): { readonly line: number; readonly column: number };
}

/**
 * Parses one YAML document within bounds of work and memory that no text exceeds: not one that is all brackets, nor one whose
 * aliases stand for more than memory has ("billion laughs").
 */
export function parseYaml(bytes: Uint8Array): YamlText {
  const decoded = decode(bytes);
  if (typeof decoded !== 'string') return faulty('', [decoded]);
  const lines = new LineCounter();
  const positionOf = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const faultAt = (offset: number, reason: string): YamlFault => ({ ...positionOf(offset), reason });
  const unprintable = UNPRINTABLE.exec(decoded);
  if (unprintable !== null) {
    for (let at = 0; at >= 0; at = nextLine(decoded, at)) lines.addNewLine(at);
    const code = unprintable[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return faulty(decoded, [faultAt(unprintable.index, `character U+${code} is not allowed`)]);
  }
  const composed = compose(decoded, lines);
  if ('reason' in composed) return faulty(decoded, [faultAt(composed.offset, composed.reason)]);
  const { document } = composed;
  const troubles = [...document.errors, ...document.warnings].map(({ pos, message }) =>
    faultAt(pos[0], message),
  );
  if (troubles.length > 0) return faulty(decoded, troubles);
  const survey = new Survey();
  if (document.contents !== null) survey.visit(document.contents);
  return {
    text: decoded,
    contents: document.contents ?? undefined,
    faults: survey.faults.map(({ offset, reason }) => faultAt(offset, reason)),
    resolve: node => survey.targets.get(node) ?? node,
    positionOf,
  };
}

/** The text of a scalar as it was written: 0123, 1.10 and yes are no numbers and no truth where a text is wanted. */
export function textOf({ value, source }: Scalar): string {
  return typeof value === 'string' ? value : (source ?? String(value));
}

function faulty(text: string, faults: readonly YamlFault[]): YamlText {
  return {
    text,
    contents: undefined,
    faults,
    resolve: node => node,
    positionOf: () => ({ line: 1, column: 1 }),
  };
}

/** Without a byte order mark; a fault where the bytes are not UTF-8. */
function decode(bytes: Uint8Array): string | YamlFault {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // decoded once more, with a mark in place of each faulty byte, to find the first
    const lossy = new TextDecoder('utf-8').decode(bytes);
    const before = lossy.slice(0, lossy.indexOf('\ufffd'));
    const line = before.split('\n').length;
    const column = before.length - before.lastIndexOf('\n');
    return { line, column, reason: 'the text is not UTF-8' };
  }
}

function nextLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? -1 : end + 1;
}

interface Trouble {
  readonly offset: number;
  readonly reason: string;
}

/** The library's own `parseDocument`, stopped where a text is too long or too deep for what comes after. */
function compose(text: string, lines: LineCounter): { document: Document.Parsed } | Trouble {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const tokens = [];
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > DEPTH_MAX)
      return { offset: parser.offset, reason: `it has more than ${DEPTH_MAX} levels` };
    if (++lexemes > LEXEMES_MAX)
      return { offset: parser.offset, reason: `it has more than ${LEXEMES_MAX} marks and words` };
  }
  tokens.push(...parser.end());
  // the library compares each key with all before it; ours are compared below
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, keepSourceTokens: false });
  const [document, another] = composer.compose(tokens, true, text.length);
  if (document === undefined) return { offset: 0, reason: 'it has no document' };
  if (another !== undefined)
    return { offset: another.range[0], reason: 'it has several documents, and one is allowed' };
  return { document };
}

/** Goes once through a document as it was written: keys are texts and unique, aliases are known and bounded. */
class Survey {
  readonly faults: Trouble[] = [];
  /** What each alias stands for. */
  readonly targets = new Map<Node, Node>();
  /** Anchors that are complete: an alias within the value of its own anchor would have no end. */
  readonly #anchors = new Map<string, { readonly node: Node; readonly size: number }>();
  #total = 0;

  /** @returns how many nodes it stands for */
  visit(node: unknown): number {
    if (isAlias(node)) return this.#visitAlias(node, node.source);
    let size = 1;
    if (isMap(node)) this.#compareKeys(node.items);
    if (isCollection(node)) {
      for (const item of node.items) {
        if (isPair(item)) size += this.visit(item.key) + this.visit(item.value);
        else size += this.visit(item);
      }
    }
    const anchor = isScalar(node) || isCollection(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, { node: node as Node, size });
    return size;
  }

  #visitAlias(alias: Node, name: string): number {
    const offset = alias.range?.[0] ?? 0;
    const target = this.#anchors.get(name);
    if (target === undefined) {
      this.faults.push({ offset, reason: `*${name} is not defined before it is used` });
      return 1;
    }
    const before = this.#total;
    this.#total += target.size;
    if (this.#total > NODES_MAX && before <= NODES_MAX)
      this.faults.push({ offset, reason: `aliases stand for more than ${NODES_MAX} nodes` });
    this.targets.set(alias, target.node);
    return target.size;
  }

  #compareKeys(items: readonly { readonly key: unknown }[]): void {
    const seen = new Set<string>();
    for (const { key } of items) {
      const offset = (key as Node | null)?.range?.[0] ?? 0;
      if (!isScalar(key)) {
        this.faults.push({ offset, reason: 'a key must be a text' });
        continue;
      }
      const name = textOf(key);
      if (seen.has(name))
        this.faults.push({ offset, reason: `Map keys must be unique: ${name} is there twice` });
      seen.add(name);
    }
  }
}
