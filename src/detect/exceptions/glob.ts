import { LRUCache } from 'lru-cache';

/** A part of a pattern. `directories` is any number of them, each with its slash. */
type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'name' | 'any' | 'directories' }
  | { readonly kind: 'one'; readonly fits: Fits }
  | { readonly kind: 'either'; readonly of: readonly (readonly Part[])[] };

/** Whether a code unit of a path fits. */
type Fits = (code: number) => boolean;

const SLASH = 0x2f;

const COMPILED_MAX = 256;

const compiled = new LRUCache<string, readonly Part[]>({ max: COMPILED_MAX });

/** The parts of a pattern. A bracket or brace that is not closed is an ordinary character. */
const PARTS = /\*\*\/?|\*|\?|\[!?\]?[^\]]*\]|\{[^{}]*\}|[^*?[{]+|[[{]/gs;

/** A character, or a range of a bracket. A range from high to low has no members. */
const MEMBER = /(.)-(.)|./gs;

function parsePart(part: string): Part {
  switch (part) {
    case '**/':
      return { kind: 'directories' };
    case '**':
      return { kind: 'any' };
    case '*':
      return { kind: 'name' };
    case '?':
      return { kind: 'one', fits: code => code !== SLASH };
  }
  if (part.length > 2 && part.startsWith('[')) return { kind: 'one', fits: parseBracket(part) };
  if (part.length > 2 && part.startsWith('{'))
    return { kind: 'either', of: part.slice(1, -1).split(',').map(parse) };
  return { kind: 'text', text: part };
}

function parseBracket(part: string): Fits {
  const isInverted = part.startsWith('[!');
  const members = [...part.slice(isInverted ? 2 : 1, -1).matchAll(MEMBER)].map(
    ([all, from = all, to = all]) => ({ from: from.charCodeAt(0), to: to.charCodeAt(0) }),
  );
  const isMember = (code: number) => members.some(({ from, to }) => from <= code && code <= to);
  return isInverted ? code => code !== SLASH && !isMember(code) : isMember;
}

function parse(pattern: string): readonly Part[] {
  return (pattern.match(PARTS) ?? []).map(parsePart);
}

/** A set of positions in a path, from 0 to its length: 1 for members. */
type Positions = Uint8Array;

/**
 * Where a part can end, given where it can begin. As sets of positions, nothing is tried twice: the work is the length of
 * the path times that of the pattern, whatever both are. A regular expression would try each way to share out the path
 * among the stars.
 */
function endsOf(part: Part, path: string, starts: Positions): Positions {
  if (part.kind === 'either') return union(part.of.map(parts => allEnds(parts, path, starts)));
  const ends = new Uint8Array(starts.length);
  const first = starts.indexOf(1);
  switch (part.kind) {
    case 'text':
      for (let at = first; at + part.text.length <= path.length; at++)
        if (
          starts[at] === 1 &&
          path.charCodeAt(at) === part.text.charCodeAt(0) &&
          path.startsWith(part.text, at)
        )
          ends[at + part.text.length] = 1;
      break;
    case 'one':
      for (let at = first; at < path.length; at++)
        if (starts[at] === 1 && part.fits(path.charCodeAt(at))) ends[at + 1] = 1;
      break;
    case 'name':
      markNames(path, starts, ends);
      break;
    case 'any':
      ends.fill(1, first);
      break;
    case 'directories':
      ends.set(starts);
      for (let at = first; at < path.length; at++) if (path.charCodeAt(at) === SLASH) ends[at + 1] = 1;
  }
  return ends;
}

/** From each start to the next slash. */
function markNames(path: string, starts: Positions, ends: Positions): void {
  let isInName = false;
  for (let at = 0; at < starts.length; at++) {
    if (starts[at] === 1) isInName = true;
    if (isInName) ends[at] = 1;
    if (path.charCodeAt(at) === SLASH) isInName = false;
  }
}

function allEnds(parts: readonly Part[], path: string, starts: Positions): Positions {
  let ends = starts;
  for (const part of parts) {
    if (!ends.includes(1)) break;
    ends = endsOf(part, path, ends);
  }
  return ends;
}

function union(sets: readonly Positions[]): Positions {
  const [all = new Uint8Array(0), ...others] = sets.map(set => set.slice());
  for (const other of others) for (let at = 0; at < all.length; at++) if (other[at] === 1) all[at] = 1;
  return all;
}

/**
 * Does a whole path match a pattern? `*` and `?` match characters other than `/`, `**` any characters, `**` followed by `/`
 * any number of directories, `[abc]` and `[!abc]` one character, `{a,b}` either text. Wildcards match a leading dot too.
 */
export function matchesGlob(path: string, pattern: string): boolean {
  let parts = compiled.get(pattern);
  if (parts === undefined) {
    parts = parse(pattern);
    compiled.set(pattern, parts);
  }
  const start = new Uint8Array(path.length + 1);
  start[0] = 1;
  return allEnds(parts, path, start)[path.length] === 1;
}
