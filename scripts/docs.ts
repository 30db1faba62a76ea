import { readFileSync, writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { settingsReference } from '../src/cli/settings-reference.ts';
import { signatureTable } from '../src/cli/signature-table.ts';
import { createEngine } from '../src/detect/engine.ts';
import { SIGNATURES } from '../src/detect/signatures/index.ts';
import { openRecording } from '../src/recording/recording.ts';
import { EXIT, EXIT_MEANINGS } from '../src/service/exit-codes.ts';
import { readableLine } from '../src/telemetry/console/readable-line.ts';
import { METRICS, type Metric } from '../src/telemetry/metrics/metrics.ts';
import { toRfc3339 } from '../src/telemetry/record/hr-time.ts';
import { toLogRecord } from '../src/telemetry/record/record.ts';
import { withPart } from './generated-part.ts';

const ROOT = new URL('../', import.meta.url);

/** Recorded with `memwarden record`: at least one act for each event of the catalogue. */
const RECORDING = fileURLToPath(new URL('docs/examples.jsonl', ROOT));

/** Recorded by test/vm/guest/record-incident.sh. */
const INCIDENT = fileURLToPath(new URL('docs/incident.jsonl', ROOT));

/** Example of a boot id, which is part of each record's uid. */
const BOOT_ID = '4d3b1a9cb6f24d5e9a0c7f8e1b2d3c4a';

/** The generated parts of each page. `npm run docs` writes them; test/unit/cli/docs.test.ts compares them. */
export const GENERATED: Readonly<Record<string, Readonly<Record<string, () => string | Promise<string>>>>> = {
  'README.md': {
    incident: incidentLine,
    signatures: () => `\`\`\`console\n$ memwarden signatures\n${signatureTable()}\`\`\`\n`,
  },
  'docs/deployment.md': { 'exit status': exitTable },
  'docs/events.md': { examples: exampleRecords },
  'docs/metrics.md': { metrics: metricTable },
  'docs/settings.md': { settings: settingsReference },
};

/**
 * The text of a page with its generated parts made again.
 * @throws Error when a part has no place in the text
 */
export async function regenerated(page: string): Promise<string> {
  let text = readFileSync(new URL(page, ROOT), 'utf8');
  for (const [name, generate] of Object.entries(GENERATED[page] ?? {}))
    text = withPart(page, text, name, await generate());
  return text;
}

/** What `memwarden replay docs/incident.jsonl --exporter console --pretty` prints. */
async function incidentLine(): Promise<string> {
  const engine = createEngine({ events: ['signatures'] });
  // not a terminal: no colours, and lines are not wrapped
  const page = new PassThrough();
  const lines: string[] = [];
  for await (const event of await openRecording(INCIDENT)) {
    for (const detection of engine.detect(event)) {
      const { timestamp, severityText, eventName, body } = toLogRecord(detection, BOOT_ID);
      lines.push(
        readableLine(
          {
            timestamp: Array.isArray(timestamp) ? toRfc3339(timestamp) : '',
            severityText: severityText ?? '',
            id: detection.definition.id,
            eventName: eventName ?? '',
            body: String(body),
          },
          page,
        ),
      );
    }
  }
  return `\`\`\`console\n${lines.join('\n')}\n\`\`\`\n`;
}

function exitTable(): string {
  const rows = Object.entries(EXIT_MEANINGS).map(
    ([name, meaning]) => `| ${EXIT[name as keyof typeof EXIT]} | ${meaning} |\n`,
  );
  return `| Status | Meaning |\n| --- | --- |\n${rows.join('')}`;
}

function metricTable(): string {
  const rows = Object.values<Metric>(METRICS).map(({ name, kind, unit, attributes = [], description }) => {
    const cells = [`\`${name}\``, kind, unit, attributes.map(key => `\`${key}\``).join(', '), description];
    return `| ${cells.join(' | ')} |\n`;
  });
  return `| Name | Kind | Unit | Attributes | Meaning |\n| --- | --- | --- | --- | --- |\n${rows.join('')}`;
}

/** For each event of the catalogue, its first record in the recording. */
async function exampleRecords(): Promise<string> {
  const examples = new Map<string, string>();
  const engine = createEngine({ events: ['signatures', 'base'] });
  for await (const event of await openRecording(RECORDING)) {
    for (const detection of engine.detect(event)) {
      const { eventName } = detection.definition;
      if (!examples.has(eventName)) examples.set(eventName, exampleOf(toLogRecord(detection, BOOT_ID)));
    }
  }
  return SIGNATURES.map(({ definition: { eventName, description, id } }) => {
    const example = examples.get(eventName);
    if (example === undefined)
      throw new Error(`failed to show ${eventName}: ${RECORDING} has no example of it`);
    return `### ${eventName}${id === undefined ? '' : `, ${id}`}\n\n${description}\n\n${example}\n`;
  }).join('');
}

function exampleOf({ timestamp, ...record }: ReturnType<typeof toLogRecord>): string {
  const { eventName, severityNumber, severityText, body, attributes } = record;
  const time = Array.isArray(timestamp) ? toRfc3339(timestamp) : undefined;
  const shown = { timestamp: time, eventName, severityNumber, severityText, body, attributes };
  return `\`\`\`json\n${JSON.stringify(shown, undefined, 2)}\n\`\`\`\n`;
}

if (import.meta.main) {
  for (const page of Object.keys(GENERATED)) writeFileSync(new URL(page, ROOT), await regenerated(page));
}
