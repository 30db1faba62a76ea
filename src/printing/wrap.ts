/** Below this width a text is easier to read when the terminal breaks it. Columns. */
const NARROWEST = 30;

/**
 * Breaks a text between words so that it fits a terminal, the lines after the first one indented.
 *
 * @param indent columns that stand before the text on its first line
 * @param columns width of the terminal; undefined where there is none, and nothing is broken
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

/** Width of the terminal that a stream is, if it is one. */
export function columnsOf(stream: NodeJS.WritableStream): number | undefined {
  return 'columns' in stream && typeof stream.columns === 'number' ? stream.columns : undefined;
}
