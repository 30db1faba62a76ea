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

/** Largest YAML file, bytes; the ones in config/ have less than 10 KB. */
export const YAML_BYTES_MAX = 1024 * 1024;

/** Most tokens (indicators, scalars, blanks, line ends), to which the work of the parser is proportional. */
const LEXEMES_MAX = 250_000;

/** Most levels of nested lists and mappings. */
const DEPTH_MAX = 64;

/** Most nodes of a document with its aliases expanded. */
const NODES_MAX = 100_000;

/** Characters that YAML does not allow: controls but tab and line ends (YAML 1.2.2, section 5.1). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/;

/** Something wrong with a YAML text; line and column count from 1. */
export interface YamlFault {
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

/** A parsed document whose aliases have no cycle. */
export interface YamlText {
  readonly text: string;
  /** Undefined when the text is empty or has comments only. */
  readonly contents: ParsedNode | undefined;
  /** If there are any, `contents` must not be used. */
  readonly faults: readonly YamlFault[];
  /** The node that an alias refers to; any other node itself. */
  resolve(node: Node): Node;
  positionOf(offset: number): { readonly line: number; readonly column: number };
}

/**
 * Parses one YAML document. Work and memory are bounded for every text, also for one of nested brackets only, and for one
 * whose aliases expand to more than fits into memory ("billion laughs").
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

/** The source text of a scalar: 0123, 1.10 and yes are neither numbers nor booleans where a text is expected. */
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
    // decoded again, with U+FFFD for each faulty sequence, to find the first
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

/** As the library's `parseDocument`, but stops where a text has too many tokens or levels for the later steps. */
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
  // the library's own check of unique keys is quadratic; Survey does it with a set
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, keepSourceTokens: false });
  const [document, another] = composer.compose(tokens, true, text.length);
  if (document === undefined) return { offset: 0, reason: 'it has no document' };
  if (another !== undefined)
    return { offset: another.range[0], reason: 'it has several documents, and one is allowed' };
  return { document };
}

/** Visits each node of a document once: checks that keys are unique texts, and that aliases are defined and bounded. */
class Survey {
  readonly faults: Trouble[] = [];
  /** The node that each alias refers to. */
  readonly targets = new Map<Node, Node>();
  /** Anchors whose value has been visited; an alias within the value of its own anchor would be a cycle. */
  readonly #anchors = new Map<string, { readonly node: Node; readonly size: number }>();
  #total = 0;

  /** @returns the number of nodes with aliases expanded */
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
