import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchesGlob } from '../../../../src/detect/exceptions/glob.ts';

const RUNS = 2_000;

/** A pattern as a list of parts. */
type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'one' | 'some' | 'any' | 'directories' }
  | { readonly kind: 'class'; readonly members: string; readonly inverted: boolean }
  | { readonly kind: 'either'; readonly of: readonly (readonly Part[])[] };

/** The texts include every character that is special in a pattern or in a regular expression. */
const LETTERS = ['a', 'b', '/', '.', '+', '$', '^', '|', '(', ')', '\\', '-', 'é', '\n'];
const letter = fc.constantFrom(...LETTERS);
const simple: fc.Arbitrary<Part> = fc.oneof(
  fc
    .array(letter, { minLength: 1, maxLength: 3 })
    .map(all => ({ kind: 'text', text: all.join('') }) as const),
  fc.constantFrom<Part>({ kind: 'one' }, { kind: 'some' }, { kind: 'any' }, { kind: 'directories' }),
  fc
    .record({
      members: fc.array(fc.constantFrom('a', 'b', '.', '^', '$', '\\', 'é'), { minLength: 1, maxLength: 3 }),
      inverted: fc.boolean(),
    })
    .map(({ members, inverted }) => ({ kind: 'class', members: members.join(''), inverted }) as const),
);
const either: fc.Arbitrary<Part> = fc
  .array(fc.array(simple, { maxLength: 2 }), { minLength: 2, maxLength: 3 })
  .map(of => ({ kind: 'either', of }) as const);
const pattern = fc.array(fc.oneof(simple, either), { maxLength: 5 });
const path = fc.array(letter, { maxLength: 8 }).map(all => all.join(''));

function write(parts: readonly Part[]): string {
  return parts.map(writePart).join('');
}

function writePart(part: Part): string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'one':
      return '?';
    case 'some':
      return '*';
    case 'any':
      return '**';
    case 'directories':
      return '**/';
    case 'class':
      return `[${part.inverted ? '!' : ''}${part.members}]`;
    case 'either':
      return `{${part.of.map(write).join(',')}}`;
  }
}

/** All positions in `text` at which the parts can end when they begin at `start`: slow, but easy to check. */
function ends(parts: readonly Part[], text: string, start: number): Set<number> {
  const [part, ...rest] = parts;
  if (part === undefined) return new Set([start]);
  const after = new Set<number>();
  for (const end of endsOfPart(part, text, start)) for (const last of ends(rest, text, end)) after.add(last);
  return after;
}

function endsOfPart(part: Part, text: string, start: number): number[] {
  const one = text[start];
  const later = Array.from({ length: text.length - start + 1 }, (_, i) => start + i);
  switch (part.kind) {
    case 'text':
      return text.startsWith(part.text, start) ? [start + part.text.length] : [];
    case 'one':
      return one === undefined || one === '/' ? [] : [start + 1];
    case 'some':
      return later.filter(end => !text.slice(start, end).includes('/'));
    case 'any':
      return later;
    case 'directories':
      return later.filter(end => end === start || text[end - 1] === '/');
    case 'class': {
      const isMember = one !== undefined && part.members.includes(one);
      const fits = part.inverted ? one !== undefined && one !== '/' && !isMember : isMember;
      return fits ? [start + 1] : [];
    }
    case 'either':
      return part.of.flatMap(parts => [...ends(parts, text, start)]);
  }
}

/**
 * Whether the text of the pattern has the meaning of its parts: no star next to another star or a slash that would change
 * it, no bracket whose first member is special there.
 */
function isPlain(parts: readonly Part[]): boolean {
  const flat = parts.flatMap(part => (part.kind === 'either' ? part.of.flat() : [part]));
  const star = (part: Part | undefined) =>
    part?.kind === 'some' || part?.kind === 'any' || part?.kind === 'directories';
  const touching = (all: readonly Part[]) =>
    all.some((part, i) => {
      const next = all[i + 1];
      if (!star(part)) return false;
      return star(next) || next?.kind === 'either' || (next?.kind === 'text' && next.text.startsWith('/'));
    });
  const signed = flat.some(part => part.kind === 'class' && /^[!^\]]/.test(part.members));
  return !touching(parts) && !touching(flat) && !signed;
}

test('a pattern matches exactly the paths that a naive matcher accepts', () => {
  fc.assert(
    fc.property(pattern.filter(isPlain), path, (parts, text) => {
      assert.equal(matchesGlob(text, write(parts)), ends(parts, text, 0).has(text.length), write(parts));
    }),
    { numRuns: RUNS },
  );
});

test('a path without special characters matches only itself', () => {
  const plain = fc.array(
    fc.constantFrom('a', '/', '.', '+', '$', '^', '|', '(', ')', '\\', '}', ']', '!', ','),
    {
      maxLength: 12,
    },
  );
  fc.assert(
    fc.property(plain, plain, (some, other) => {
      assert.equal(matchesGlob(some.join(''), other.join('')), some.join('') === other.join(''));
    }),
    { numRuns: RUNS },
  );
});

// Symptom: a rule failed on every event. A range from high to low had become an invalid regular expression.
test('any text is a valid pattern, also with unclosed brackets and braces', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), fc.string({ maxLength: 30 }), (text, pattern) => {
      matchesGlob(text, pattern);
    }),
    { numRuns: RUNS },
  );
  const brackets = fc.array(fc.constantFrom('[', ']', '{', '}', '!', '^', '-', '\\', 'a', '*', ',', '/'), {
    maxLength: 15,
  });
  fc.assert(
    fc.property(brackets, pattern => {
      matchesGlob('a/b', pattern.join(''));
    }),
    { numRuns: RUNS },
  );
});
