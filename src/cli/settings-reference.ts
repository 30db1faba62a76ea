import { settings } from '../config/index.ts';

/** Every setting as a Markdown table. */
export function settingsReference(): string {
  const rows = [...settings].map(([key, { doc, type, env, default: value, defaultText }]) => [
    `\`${key}\``,
    env.map(name => `\`${name}\``).join('<br>'),
    defaultText ?? defaultCell(value),
    type.name,
    doc,
  ]);
  const head = ['Key', 'Environment', 'Default', 'Type', 'Meaning'];
  return [head, head.map(() => '---'), ...rows]
    .map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('');
}

function defaultCell(value: unknown): string {
  if (value === undefined) return '–';
  const empty = typeof value === 'object' && Object.keys(value ?? {}).length === 0;
  return empty ? 'empty' : `\`${Array.isArray(value) ? value.join(', ') : String(value)}\``;
}
