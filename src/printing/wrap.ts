/** In less width nothing is wrapped here, and the terminal breaks lines. Columns. */
const NARROWEST = 30;

/**
 * Wraps a text between words to the width of a terminal; lines after the first are indented.
 *
 * @param indent columns before the text on its first line, and before the further lines
 * @param columns width of the terminal; undefined where there is none: nothing is wrapped
 */
export function wrap(text: string, indent: number, columns: number | undefined): string {
  const width = (columns ?? Number.POSITIVE_INFINITY) - indent;
  if (width < NARROWEST) return text;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line.trimEnd());
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** Width of a stream that is a terminal; undefined for another one. */
export function columnsOf(stream: NodeJS.WritableStream): number | undefined {
  return 'columns' in stream && typeof stream.columns === 'number' ? stream.columns : undefined;
}
