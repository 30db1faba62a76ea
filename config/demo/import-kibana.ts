/** Waits for a Kibana and imports saved objects. Arguments: its address, an NDJSON file. */
import { readFileSync } from 'node:fs';
import { setInterval } from 'node:timers/promises';

const [url = 'http://localhost:5601', path = 'memwarden.ndjson'] = process.argv.slice(2);
const PERIOD_MILLIS = 2_000;

async function isReady(): Promise<boolean> {
  try {
    const response = await fetch(`${url}/api/status`);
    return response.ok;
  } catch {
    // It does not listen yet.
    return false;
  }
}

for await (const _ of setInterval(PERIOD_MILLIS)) {
  if (await isReady()) break;
  console.log(`waiting for ${url} …`);
}

const form = new FormData();
form.append('file', new Blob([readFileSync(path)]), 'memwarden.ndjson');
const response = await fetch(`${url}/api/saved_objects/_import?overwrite=true`, {
  method: 'POST',
  headers: { 'kbn-xsrf': 'memwarden' },
  body: form,
});
const { success, successCount, errors } = (await response.json()) as {
  readonly success?: boolean;
  readonly successCount?: number;
  readonly errors?: unknown;
};
if (success !== true) {
  throw new Error(`failed to import ${path}: ${response.status} ${JSON.stringify(errors)}`);
}
console.log(`imported ${successCount} objects; open ${url}/app/dashboards`);
