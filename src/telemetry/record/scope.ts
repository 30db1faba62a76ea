import { readFileSync } from 'node:fs';

const manifest: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

function versionOf(value: unknown): string {
  if (
    typeof value === 'object' &&
    value !== null &&
    'version' in value &&
    typeof value.version === 'string'
  ) {
    return value.version;
  }
  throw new Error('failed to read the version: package.json has none');
}

/** The instrumentation scope of every record: this program and its version. */
export const SCOPE = { name: 'memwarden', version: versionOf(manifest) } as const;
