/**
 * The text of a page with the part between `<!-- begin NAME -->` and `<!-- end NAME -->` replaced.
 * @param page its name, for the error
 * @throws Error when the part has no place in the text
 */
export function withPart(page: string, text: string, name: string, part: string): string {
  const [begin, end] = [`<!-- begin ${name} -->\n`, `<!-- end ${name} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`failed to write ${page}: it has no place for "${name}"`);
  return text.slice(0, from + begin.length) + part + text.slice(to);
}
