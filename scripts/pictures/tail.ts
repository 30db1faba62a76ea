import { exampleRecords, runMemwarden } from './records.ts';
import { escapeXml, svgDocument } from './svg.ts';

const LINES_MAX = 24;

const FONT_PIXELS = 13;
const LINE_PIXELS = 18;
/** Width of a character of a monospaced font, as part of its size. */
const ADVANCE = 0.602;
const MARGIN_PIXELS = 16;

/** The SGR parameters that `tail` uses (ECMA-48, 8.3.117) as SVG attributes; the rest ends them. */
const STYLES: Readonly<Record<string, string>> = {
  '2': ' fill="#9aa0ab"',
  '33': ' fill="#e5c07b"',
  '36': ' fill="#56b6c2"',
  '91': ' fill="#ff6b6b" font-weight="bold"',
};
const SGR = new RegExp(`${String.fromCharCode(0x1b)}\\[([0-9;]*)m`);

/** What `memwarden tail --details` shows of the recorded examples, in its colours. */
export function tailPicture(): string {
  const shown = runMemwarden(['tail', '--from', '-', '--details'], exampleRecords()).split('\n');
  return terminal(
    ['$ sudo memwarden tail --details', ...shown.slice(0, LINES_MAX)],
    'memwarden tail --details',
  );
}

function terminal(lines: readonly string[], title: string): string {
  const columns = Math.max(...lines.map(line => line.replaceAll(new RegExp(SGR, 'g'), '').length));
  const width = Math.ceil(columns * FONT_PIXELS * ADVANCE) + 2 * MARGIN_PIXELS;
  const height = lines.length * LINE_PIXELS + 2 * MARGIN_PIXELS;
  const rows = lines.map((line, index) => {
    const y = MARGIN_PIXELS + FONT_PIXELS + index * LINE_PIXELS;
    return `<text x="${MARGIN_PIXELS}" y="${y}" xml:space="preserve">${spans(line)}</text>`;
  });
  return svgDocument(width, height, title, [
    `<rect width="100%" height="100%" rx="8" fill="#1e2127"/>`,
    `<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT_PIXELS}" fill="#d7dae0">`,
    ...rows,
    '</g>',
  ]);
}

/** One line of a terminal as `tspan` elements; a style lasts to the next sequence. */
function spans(line: string): string {
  const [first = '', ...rest] = line.split(SGR);
  let drawn = escapeXml(first);
  for (let i = 0; i < rest.length; i += 2) {
    const text = escapeXml(rest[i + 1] ?? '');
    if (text !== '') drawn += `<tspan${STYLES[rest[i] ?? ''] ?? ''}>${text}</tspan>`;
  }
  return drawn;
}
