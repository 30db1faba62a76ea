import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** `engines.node` of package.json, which always has the form `>=22.18`. */
const REQUIRED = /"node": ">=(\d+)\.(\d+)"/;

/**
 * The message for a Node.js that is too old; undefined when it is not. This file itself must run on an old one.
 * @param version `process.versions.node`
 */
export function oldNodeMessage(version: string): string | undefined {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const [, major = '0', minor = '0'] = REQUIRED.exec(manifest) ?? [];
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  const isOld = ownMajor < Number(major) || (ownMajor === Number(major) && ownMinor < Number(minor));
  if (!isOld) return undefined;
  const bundled = bundledNode();
  const way = bundled === undefined ? 'npx memwarden' : `${bundled} ${process.argv[1]}`;
  return `failed to start: this is Node.js ${version}, and ${major}.${minor} is the oldest that will do\ntry: ${way}`;
}

/** The Node.js that npm installed beside this package. */
function bundledNode(): string | undefined {
  const path = createRequire(import.meta.url).resolve.paths('node/bin/node') ?? [];
  return path.map(folder => `${folder}/node/bin/node`).find(file => existsSync(file));
}
