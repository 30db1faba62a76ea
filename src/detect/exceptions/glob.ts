import { LRUCache } from 'lru-cache';

const COMPILED_MAX = 256;

const compiled = new LRUCache<string, RegExp>({ max: COMPILED_MAX });

/** What each part of a pattern stands for; `[` without `]` stands for itself. */
const PARTS = /\*\*\/?|\*|\?|\[!?\]?[^\]]*\]|[^*?[]+|\[/gs;

function translate(part: string): string {
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
    const members = part.slice(inverted ? 2 : 1, -1).replace(/[\\\]^[]/g, '\\$&');
    return inverted ? `[^/${members}]` : `[${members}]`;
  }
  return part.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
}

function compile(pattern: string): RegExp {
  return new RegExp(`^${(pattern.match(PARTS) ?? []).map(translate).join('')}$`, 's');
}

/**
 * Does a whole path match a pattern? `*` and `?` stand for characters other than `/`, `**` for any, `**` followed by
 * `/` for any directories, `[abc]` and `[!abc]` for one character. A leading dot needs no pattern of its own.
 */
export function matchesGlob(path: string, pattern: string): boolean {
  let regexp = compiled.get(pattern);
  if (regexp === undefined) {
    regexp = compile(pattern);
    compiled.set(pattern, regexp);
  }
  return regexp.test(path);
}
