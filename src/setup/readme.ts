import { readFileSync, writeFileSync } from 'node:fs';
import { EXIT, EXIT_MEANINGS } from '../cli/exit-codes.ts';
import { settingsReference } from '../cli/settings-reference.ts';
import { signatureTable } from '../cli/signature-table.ts';

const README = new URL('../../README.md', import.meta.url);

/** The parts of README.md that come from the code; `npm run docs` writes them, a test compares them. */
const PARTS: Readonly<Record<string, () => string>> = {
  signatures: () => `\`\`\`console\n$ memwarden signatures\n${signatureTable()}\`\`\`\n`,
  'exit status': exitTable,
  settings: settingsReference,
};

/**
 * The text with each part between `<!-- begin NAME -->` and `<!-- end NAME -->` replaced by what the code says.
 * @throws Error when a part has no place in the text
 */
export function withGeneratedParts(text: string): string {
  return Object.entries(PARTS).reduce((document, [name, generate]) => {
    const [begin, end] = [`<!-- begin ${name} -->\n`, `<!-- end ${name} -->`];
    const from = document.indexOf(begin);
    const to = document.indexOf(end);
    if (from < 0 || to < from) throw new Error(`failed to write README.md: it has no place for "${name}"`);
    return document.slice(0, from + begin.length) + generate() + document.slice(to);
  }, text);
}

function exitTable(): string {
  const rows = Object.entries(EXIT_MEANINGS).map(
    ([name, meaning]) => `| ${EXIT[name as keyof typeof EXIT]} | ${meaning} |\n`,
  );
  return `| Status | Meaning |\n| --- | --- |\n${rows.join('')}`;
}

if (import.meta.main) writeFileSync(README, withGeneratedParts(readFileSync(README, 'utf8')));
