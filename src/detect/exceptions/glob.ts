import { LRUCache } from 'lru-cache';

const COMPILED_MAX = 256;

const compiled = new LRUCache<string, RegExp>({ max: COMPILED_MAX });

/** The parts of a pattern; a bracket or brace that is not closed stands for itself. */
const PARTS = /\*\*\/?|\*|\?|\[!?\]?[^\]]*\]|\{[^{}]*\}|[^*?[{]+|[[{]/gs;

/**
 * The members of a bracket for a regular expression. A range from high to low stands for nothing; a dash that is in no
 * range stands for itself, wherever it is.
 */
function translateMembers(members: string): string {
  const literal = (text: string) => text.replace(/[\\\]^[-]/g, '\\$&');
  return members.replace(/(.)-(.)|./gs, (all, from?: string, to?: string) => {
    if (from === undefined || to === undefined) return literal(all);
    return from > to ? '' : `${literal(from)}-${literal(to)}`;
  });
}

function translatePart(part: string): string {
  switch (part) {
    case '**/':
      return '(?:.*/)?';
    case '**':
      return '.*';
    case '*':
      return '[^/]*';
    case '?':
      return '[^/]';
  }
  if (part.length > 2 && part.startsWith('[')) {
    const inverted = part.startsWith('[!');
    const members = translateMembers(part.slice(inverted ? 2 : 1, -1));
    return inverted ? `[^/${members}]` : `[${members}]`;
  }
  if (part.length > 2 && part.startsWith('{'))
    return `(?:${part.slice(1, -1).split(',').map(translate).join('|')})`;
  return part.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
}

function translate(pattern: string): string {
  return (pattern.match(PARTS) ?? []).map(translatePart).join('');
}

/**
 * Does a whole path match a pattern? `*` and `?` stand for characters other than `/`, `**` for any, `**` followed by
 * `/` for any directories or none, `[abc]` and `[!abc]` for one character, `{a,b}` for either. A leading dot needs no
 * pattern of its own.
 */
export function matchesGlob(path: string, pattern: string): boolean {
  let regexp = compiled.get(pattern);
  if (regexp === undefined) {
    regexp = new RegExp(`^${translate(pattern)}$`, 's');
    compiled.set(pattern, regexp);
  }
  return regexp.test(path);
}
