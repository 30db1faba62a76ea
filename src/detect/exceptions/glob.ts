import { LRUCache } from 'lru-cache';

const COMPILED_MAX = 256;

const compiled = new LRUCache<string, RegExp>({ max: COMPILED_MAX });

/** The parts of a pattern. A bracket or brace that is not closed is an ordinary character. */
const PARTS = /\*\*\/?|\*|\?|\[!?\]?[^\]]*\]|\{[^{}]*\}|[^*?[{]+|[[{]/gs;

/**
 * Translates the members of a bracket to those of a regular expression's class. A range from high to low matches nothing; a
 * dash outside of a range matches itself, wherever it is.
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
 * Does a whole path match a pattern? `*` and `?` match characters other than `/`, `**` any characters, `**` followed by `/`
 * any number of directories, `[abc]` and `[!abc]` one character, `{a,b}` either text. Wildcards match a leading dot too.
 */
export function matchesGlob(path: string, pattern: string): boolean {
  let regexp = compiled.get(pattern);
  if (regexp === undefined) {
    regexp = new RegExp(`^${translate(pattern)}$`, 's');
    compiled.set(pattern, regexp);
  }
  return regexp.test(path);
}
