import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/*
 * `npm run sbom`: npm's list of packages in CycloneDX, and the BPF objects, which no package manager lists and which have a
 * licence of their own.
 */

const ROOT = new URL('../', import.meta.url);
const OBJECTS = new URL('bpf/build/', ROOT);

interface Bom {
  readonly metadata: { readonly component: { readonly 'bom-ref': string; readonly version: string } };
  readonly components: readonly object[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

const bom: Bom = JSON.parse(listPackages());
const { 'bom-ref': program, version } = bom.metadata.component;
const objects = readdirSync(OBJECTS)
  .filter(name => name.endsWith('.bpf.o'))
  .map(name => ({
    'bom-ref': `bpf/build/${name}`,
    type: 'file',
    name: `bpf/build/${name}`,
    version,
    description: 'Programs for the kernel, built from the sources in bpf/ by bpf/build.sh',
    licenses: [{ license: { id: 'GPL-2.0-only' } }],
    hashes: [{ alg: 'SHA-256', content: sha256(new URL(name, OBJECTS)) }],
  }));
if (objects.length === 0)
  throw new Error('failed to list the BPF objects: bpf/build is empty; try npm run build:bpf');

const complete = {
  ...bom,
  components: [...bom.components, ...objects],
  dependencies: [
    ...bom.dependencies.map(entry =>
      entry.ref === program
        ? { ...entry, dependsOn: [...(entry.dependsOn ?? []), ...objects.map(object => object['bom-ref'])] }
        : entry,
    ),
    ...objects.map(object => ({ ref: object['bom-ref'], dependsOn: [] })),
  ],
};
process.stdout.write(`${JSON.stringify(complete, undefined, 2)}\n`);

/** npm 9, of Debian 12, has no such command, and says so with status 0. */
function listPackages(): string {
  const listed = execFileSync('npm', ['sbom', '--omit', 'dev', '--sbom-format', 'cyclonedx'], {
    cwd: fileURLToPath(ROOT),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (listed.startsWith('{')) return listed;
  throw new Error(`failed to list the packages: ${listed.split('\n', 1)}; try npm 10 or newer`);
}

function sha256(file: URL): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
