import { readFileSync } from 'node:fs';
import { type Entry, evaluate, type Labels, type Sample, select } from './logql.ts';
import { exampleRecords } from './records.ts';
import { escapeXml, svgDocument } from './svg.ts';

const DASHBOARD = new URL('../../config/dashboards/grafana/memwarden.json', import.meta.url);

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly datasource: { readonly type: string };
  /** Place in a grid of 24 columns. */
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly legendFormat?: string }[];
}

interface Dashboard {
  readonly title: string;
  readonly description: string;
  readonly panels: readonly Panel[];
}

/** A record as the console exporter prints it, as far as it is read here. */
interface ConsoleRecord {
  readonly timestamp: string;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
}

/** The inside of a panel, below its title. */
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const COLUMNS = 24;
const COLUMN_PIXELS = 50;
const ROW_PIXELS = 26;
const GAP_PIXELS = 8;
const HEAD_PIXELS = 44;
const TITLE_PIXELS = 28;
const PADDING_PIXELS = 10;
const LINE_PIXELS = 19;
const CELL_GAP_PIXELS = 8;
const FONT_PIXELS = 12;
/** Heads of columns, scales. */
const SMALL_FONT_PIXELS = 11;
const LEGEND_FONT_PIXELS = 10;
/** Mean width of a character of a sans-serif font, as part of its size. */
const ADVANCE = 0.54;
const HEAD_ADVANCE = 0.63;

/** Grafana's dark theme and classic palette. */
const COLORS = {
  page: '#111217',
  panel: '#181b1f',
  border: '#2b2e35',
  text: '#ccccdc',
  dim: '#8e8e9c',
  value: '#73bf69',
  series: ['#7eb26d', '#eab839', '#6ed0e0', '#ef843c', '#e24d42', '#1f78c1', '#ba43a9', '#705da0', '#508642'],
} as const;

/** Grafana colours the edge of a log line by its level. */
const LEVEL_COLORS: Readonly<Record<string, string>> = {
  HIGH: '#e24d42',
  MEDIUM: '#eab839',
  LOW: '#6ed0e0',
  INFO: '#7eb26d',
};

/** Steps that Grafana would choose for `$__auto`, minutes. */
const STEPS_MINUTES = [1, 5, 15, 30, 60, 120, 360, 720, 1440];
const BARS_MAX = 60;
const MILLIS_PER_MINUTE = 60_000;

/**
 * The Grafana dashboard as its definition has it, each panel with the result of its own query over the recorded examples.
 */
export function dashboardPicture(): string {
  const { title, description, panels }: Dashboard = JSON.parse(readFileSync(DASHBOARD, 'utf8'));
  const entries = exampleRecords('--events', 'signatures')
    .trimEnd()
    .split('\n')
    .map(line => entryOf(JSON.parse(line)))
    .sort((a, b) => a.timeMillis - b.timeMillis);
  const rows = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));
  const width = COLUMNS * COLUMN_PIXELS + GAP_PIXELS;
  const height = HEAD_PIXELS + rows * ROW_PIXELS + GAP_PIXELS;
  const [first, last] = [entries[0], entries.at(-1)].map(entry => timeText(entry?.timeMillis ?? 0));
  return svgDocument(width, height, `The Grafana dashboard "${title}" with recorded examples`, [
    `<rect width="100%" height="100%" rx="8" fill="${COLORS.page}"/>`,
    `<g font-family="Inter, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif" font-size="${FONT_PIXELS}" fill="${COLORS.text}">`,
    text(GAP_PIXELS + PADDING_PIXELS, 29, title, 'font-size="16" font-weight="600"'),
    text(GAP_PIXELS + PADDING_PIXELS + 120, 29, description, `fill="${COLORS.dim}"`),
    text(
      width - GAP_PIXELS - PADDING_PIXELS,
      29,
      `${first} to ${last} UTC`,
      `text-anchor="end" fill="${COLORS.dim}"`,
    ),
    ...panels.flatMap(panel => drawPanel(panel, entries)),
    '</g>',
  ]);
}

/** As Loki stores what arrives over OTLP: dots become underscores, and every value is a text. */
function entryOf({ timestamp, severityText, body, attributes, resource }: ConsoleRecord): Entry {
  const labels = Object.entries({ ...resource, ...attributes }).map(([name, value]) => [
    name.replaceAll('.', '_'),
    String(value),
  ]);
  return {
    labels: { ...Object.fromEntries(labels), severity_text: severityText },
    timeMillis: Date.parse(timestamp),
    line: body,
  };
}

function drawPanel(panel: Panel, entries: readonly Entry[]): readonly string[] {
  const { x, y, w, h } = panel.gridPos;
  const left = GAP_PIXELS + x * COLUMN_PIXELS;
  const top = HEAD_PIXELS + y * ROW_PIXELS;
  const width = w * COLUMN_PIXELS - GAP_PIXELS;
  const height = h * ROW_PIXELS - GAP_PIXELS;
  const box: Box = {
    x: left + PADDING_PIXELS,
    y: top + TITLE_PIXELS,
    width: width - 2 * PADDING_PIXELS,
    height: height - TITLE_PIXELS - PADDING_PIXELS / 2,
  };
  return [
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" rx="3" fill="${COLORS.panel}" stroke="${COLORS.border}"/>`,
    text(box.x, top + 19, panel.title, 'font-weight="500"'),
    ...drawContent(panel, box, entries),
  ];
}

/** @throws Error for a type of panel that cannot be drawn yet */
function drawContent({ type, datasource, targets }: Panel, box: Box, entries: readonly Entry[]): string[] {
  const [{ expr = '', legendFormat = '' } = {}] = targets;
  // the recordings have records and no metrics
  if (datasource.type !== 'loki') return noData(box);
  switch (type) {
    case 'stat':
      return stat(box, evaluate(expr, entries));
    case 'timeseries':
      return bars(box, expr, legendFormat, entries);
    case 'table':
      return table(box, expr, evaluate(expr, entries));
    case 'piechart':
      return donut(box, evaluate(expr, entries), legendFormat);
    case 'logs':
      return logLines(box, select(expr, entries));
    default:
      throw new Error(`failed to draw a panel: no picture of the type ${type} is known here`);
  }
}

function noData({ x, y, width, height }: Box): string[] {
  return [text(x + width / 2, y + height / 2, 'No data', `text-anchor="middle" fill="${COLORS.dim}"`)];
}

function stat({ x, y, width, height }: Box, [sample]: readonly Sample[]): string[] {
  const size = Math.min(44, height);
  return [
    text(
      x + width / 2,
      y + height / 2 + size * 0.3,
      String(sample?.value ?? 0),
      `text-anchor="middle" font-size="${size}" font-weight="500" fill="${COLORS.value}"`,
    ),
  ];
}

function bars(box: Box, query: string, legendFormat: string, entries: readonly Entry[]): string[] {
  const from = entries[0]?.timeMillis ?? 0;
  const until = entries.at(-1)?.timeMillis ?? 0;
  const stepMillis =
    (STEPS_MINUTES.find(minutes => (until - from) / (minutes * MILLIS_PER_MINUTE) < BARS_MAX) ?? 1440) *
    MILLIS_PER_MINUTE;
  const start = Math.floor(from / stepMillis) * stepMillis;
  const count = Math.floor((until - start) / stepMillis) + 1;
  const steps = Array.from({ length: count }, (_, step) => {
    const begin = start + step * stepMillis;
    const within = entries.filter(({ timeMillis }) => timeMillis >= begin && timeMillis < begin + stepMillis);
    return { begin, samples: evaluate(query, within) };
  });
  const names = [
    ...new Set(steps.flatMap(({ samples }) => samples.map(({ labels }) => legend(legendFormat, labels)))),
  ];
  const highest = Math.max(1, ...steps.map(({ samples }) => sum(samples)));
  const plot = { x: box.x + 24, y: box.y + 4, width: box.width - 24, height: box.height - 48 };
  const yOf = (value: number) => plot.y + plot.height * (1 - value / highest);
  const ticks = [0, Math.round(highest / 2), highest];
  const stepPixels = plot.width / count;
  const labelEvery = Math.ceil(count / 8);
  return [
    ...ticks.flatMap(tick => [
      `<line x1="${plot.x}" x2="${plot.x + plot.width}" y1="${px(yOf(tick))}" y2="${px(yOf(tick))}" stroke="${COLORS.border}"/>`,
      text(
        plot.x - 6,
        yOf(tick) + 4,
        String(tick),
        `text-anchor="end" font-size="${SMALL_FONT_PIXELS}" fill="${COLORS.dim}"`,
      ),
    ]),
    ...steps.flatMap(({ begin, samples }, step) => {
      let below = 0;
      const x = plot.x + step * stepPixels;
      const stack = samples.map(({ labels, value }) => {
        const y = yOf(below + value);
        const height = yOf(below) - y;
        below += value;
        const color = colorOf(names.indexOf(legend(legendFormat, labels)));
        return `<rect x="${px(x + 1)}" y="${px(y)}" width="${px(stepPixels - 2)}" height="${px(height)}" fill="${color}" fill-opacity="0.8"/>`;
      });
      const label = text(
        x,
        plot.y + plot.height + 17,
        timeText(begin).slice(5, 16),
        `font-size="${SMALL_FONT_PIXELS}" fill="${COLORS.dim}"`,
      );
      return step % labelEvery === 0 ? [...stack, label] : stack;
    }),
    ...names.flatMap((name, index) => swatch(plot.x + index * 90, box.y + box.height - 8, name, index)),
  ];
}

/** The labels that a query groups by as columns, and the number: what `labelsToFields` and `merge` make of it. */
function table(box: Box, query: string, samples: readonly Sample[]): string[] {
  const labels = /by \(([^)]*)\)/.exec(query)?.[1]?.split(', ') ?? [];
  const rows = [
    [...labels, 'Value'],
    ...samples.map(sample => [...labels.map(label => sample.labels[label] ?? ''), String(sample.value)]),
  ];
  const wants =
    rows[0]?.map((head, column) =>
      // heads are names in small letters, which are wider than the mean
      Math.max(
        head.length * SMALL_FONT_PIXELS * HEAD_ADVANCE,
        ...rows.slice(1).map(row => textPixels(row[column] ?? '')),
      ),
    ) ?? [];
  const share = (box.width - CELL_GAP_PIXELS * wants.length) / wants.reduce((all, want) => all + want, 0);
  const widths = wants.map(want => want * share);
  return rows.slice(0, Math.floor(box.height / LINE_PIXELS)).flatMap((row, index) => {
    const y = box.y + 14 + index * LINE_PIXELS;
    let x = box.x;
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      const drawn =
        index === 0
          ? text(x, y, cut(cell, width, SMALL_FONT_PIXELS), `fill="#6e9fff" font-size="${SMALL_FONT_PIXELS}"`)
          : text(x, y, cut(cell, width), '');
      x += width + CELL_GAP_PIXELS;
      return drawn;
    });
    return [
      ...cells,
      `<line x1="${box.x}" x2="${box.x + box.width}" y1="${y + 5}" y2="${y + 5}" stroke="${COLORS.border}"/>`,
    ];
  });
}

function donut(box: Box, samples: readonly Sample[], legendFormat: string): string[] {
  const total = sum(samples);
  if (total === 0) return noData(box);
  const radius = Math.min(box.height / 2 - 10, 54);
  const thickness = radius * 0.4;
  const middle = { x: box.x + radius, y: box.y + box.height / 2 };
  const ring = radius - thickness / 2;
  const length = 2 * Math.PI * ring;
  let before = 0;
  const slices = samples.map(({ value }, index) => {
    const part = (value / total) * length;
    const gap = samples.length > 1 ? 1.5 : 0;
    const slice =
      `<circle cx="${px(middle.x)}" cy="${px(middle.y)}" r="${px(ring)}" fill="none" stroke="${colorOf(index)}" stroke-width="${px(thickness)}" ` +
      `stroke-dasharray="${px(part - gap)} ${px(length - part + gap)}" transform="rotate(${px((before / length) * 360 - 90)} ${px(middle.x)} ${px(middle.y)})"/>`;
    before += part;
    return slice;
  });
  const x = box.x + 2 * radius + 14;
  const top = middle.y - ((samples.length - 1) * LINE_PIXELS) / 2 + 4;
  const names = samples.flatMap(({ labels }, index) =>
    swatch(
      x,
      top + index * LINE_PIXELS,
      cut(legend(legendFormat, labels), box.x + box.width - x - 14, LEGEND_FONT_PIXELS),
      index,
    ),
  );
  return [...slices, ...names];
}

/** Newest first, as the panel sorts them. */
function logLines(box: Box, entries: readonly Entry[]): string[] {
  const fitting = Math.floor(box.height / LINE_PIXELS);
  return entries
    .toReversed()
    .slice(0, fitting)
    .flatMap(({ labels, timeMillis, line }, index) => {
      const y = box.y + 14 + index * LINE_PIXELS;
      return [
        `<rect x="${box.x}" y="${y - 11}" width="3" height="14" fill="${LEVEL_COLORS[labels['severity_text'] ?? ''] ?? COLORS.dim}"/>`,
        `<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${SMALL_FONT_PIXELS}">`,
        text(box.x + 12, y, timeText(timeMillis), `fill="${COLORS.dim}"`),
        text(box.x + 190, y, cut(line, box.width - 190), ''),
        '</g>',
      ];
    });
}

function swatch(x: number, y: number, name: string, index: number): string[] {
  return [
    `<rect x="${px(x)}" y="${px(y - 5)}" width="10" height="4" rx="1" fill="${colorOf(index)}"/>`,
    text(x + 14, y, name, `font-size="${LEGEND_FONT_PIXELS}"`),
  ];
}

/** `{{label}}` is the value of that label. */
function legend(format: string, labels: Labels): string {
  return format.replaceAll(/\{\{([a-z_]+)\}\}/g, (_, label: string) => labels[label] ?? '').trim();
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}

function colorOf(index: number): string {
  return COLORS.series[index % COLORS.series.length] ?? COLORS.text;
}

function timeText(millis: number): string {
  return new Date(millis).toISOString().slice(0, 19).replace('T', ' ');
}

function textPixels(words: string): number {
  return words.length * FONT_PIXELS * ADVANCE;
}

function cut(words: string, pixels: number, fontPixels = FONT_PIXELS): string {
  const fitting = Math.floor(pixels / (fontPixels * ADVANCE));
  return words.length <= fitting ? words : `${words.slice(0, Math.max(fitting - 1, 0))}…`;
}

function text(x: number, y: number, words: string, attributes: string): string {
  return `<text x="${px(x)}" y="${px(y)}"${attributes === '' ? '' : ` ${attributes}`}>${escapeXml(words)}</text>`;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
