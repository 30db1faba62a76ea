import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { isOnPath } from '../live/is-on-path.ts';
import { debianMirror } from '../vm/apt.ts';
import type { System } from './systems.ts';

/** How this machine reaches its package registries. May hold credentials: copied into a fresh system, never printed. */
export interface HostConfiguration {
  /** Contents by path. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly environment: Readonly<Record<string, string>>;
  /** A line of output without the passwords and tokens of the above. */
  readonly redact: (line: string) => string;
}

/** Proxies, certificates, and the addresses of registries; no other settings of the package clients. */
const VARIABLES = [
  /^(https?|ftp|all|no)_proxy$/i,
  /^(NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE|GIT_SSL_CAINFO)$/,
  /^npm_config_(registry|.*:registry|\/\/.*|ca|cafile|proxy|https?_proxy|noproxy|strict_ssl)$/i,
  /^PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|PROXY|CERT|CLIENT_CERT|DEFAULT_TIMEOUT)$/,
  /^GOAUTH$/,
];
const NPM_SETTINGS =
  /^(registry|.+:registry|\/\/.+|ca(\[\])?|cafile|cert|key|proxy|https?-proxy|noproxy|strict-ssl|replace-registry-host)\s*=/;
const APT_SETTINGS =
  /^Acquire::(http|https|Check-|Max-|Retries|ForceIPv|AllowInsecure|AllowWeak|AllowDowngrade)\S* ".+";$/;
/** A program of this machine, which the fresh system does not have. */
const APT_PROGRAM = /Auto-?Detect/i;
/** Copied as variables, since a fresh system has no go.env. */
const GO_SETTINGS = ['GOPROXY', 'GOSUMDB', 'GONOSUMDB', 'GONOPROXY', 'GOPRIVATE', 'GOINSECURE', 'GOFLAGS'];
/** Passwords and tokens: in URLs, in npm's settings, and in the files of apt and curl. */
const SECRETS = [
  /\/\/[^/@\s:]*:([^/@\s]+)@/g,
  /:_(?:auth|authToken|password)\s*=\s*"?([^"\s]+)/g,
  /\bpassword\s+(\S+)/g,
];
/** Made by ca-certificates and its hook from the folder below. */
const SYSTEM_CERTIFICATES = '/etc/ssl/certs/';
const APT_CERTIFICATES = '/etc/apt/host-certificates.crt';
const OWN_CERTIFICATES = '/usr/local/share/ca-certificates';
const COPIED = ['/etc/resolv.conf', '/etc/hosts', '/etc/apt/auth.conf', '/etc/pip.conf'];
const COPIED_FROM_HOME = ['.netrc', '.config/pip/pip.conf', '.pip/pip.conf'];

export function hostConfiguration(system: System): HostConfiguration {
  const files = new Map<string, Buffer>();
  const copy = (path: string, target = path) => {
    if (existsSync(path) && statSync(path).isFile()) files.set(target, readFileSync(path));
  };
  for (const path of [...COPIED, ...filesIn('/etc/apt/auth.conf.d'), ...filesIn(OWN_CERTIFICATES)])
    copy(path);
  for (const path of COPIED_FROM_HOME) copy(join(homedir(), path), join('/root', path));
  const mirror = debianMirror();
  files.set('/etc/apt/sources.list', Buffer.from(`deb ${mirror} ${system} main\n`));
  files.set('/etc/apt/apt.conf.d/50host', Buffer.from(aptSettings()));
  if (mirror.startsWith('https:')) {
    // apt has to trust it before ca-certificates is installed
    files.set('/etc/apt/apt.conf.d/51host', Buffer.from(`Acquire::https::CAInfo "${APT_CERTIFICATES}";\n`));
    copy(`${SYSTEM_CERTIFICATES}ca-certificates.crt`, APT_CERTIFICATES);
  }
  const npm = npmSettings();
  files.set('/root/.npmrc', Buffer.from(npm));

  const environment: Record<string, string> = goSettings();
  const namedByNpm = new Set(Array.from(npm.matchAll(/\$\{(\w+)\??\}/g), ([, name]) => name));
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined) continue;
    if (namedByNpm.has(name) || VARIABLES.some(pattern => pattern.test(name))) environment[name] = value;
  }
  const certificates = Array.from(
    npm.matchAll(/^cafile\s*=\s*"?([^"\n]+?)"?\s*$/gm),
    ([, path = '']) => path,
  );
  for (const path of [...certificates, ...Object.values(environment)]) {
    if (isAbsolute(path) && !path.startsWith(SYSTEM_CERTIFICATES)) copy(path);
  }
  const secrets = [...files.values(), ...Object.values(environment)].flatMap(secretsIn);
  const redact = (line: string) => secrets.reduce((text, secret) => text.replaceAll(secret, '***'), line);
  return { files, environment, redact };
}

function secretsIn(content: Buffer | string): string[] {
  const text = content.toString();
  return SECRETS.flatMap(pattern => Array.from(text.matchAll(pattern), ([, secret = '']) => secret));
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => join(folder, name));
}

function aptSettings(): string {
  return output('apt-config', ['dump'])
    .split('\n')
    .filter(line => APT_SETTINGS.test(line) && !APT_PROGRAM.test(line))
    .map(line => `${line}\n`)
    .join('');
}

/** The user's settings come last, and win. */
function npmSettings(): string {
  // The global file is found from the place of node: the machine's, not that of this project's node_modules.
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter(folder => !folder.includes('node_modules'));
  const env = { ...process.env, PATH: path.join(delimiter) };
  return ['globalconfig', 'userconfig']
    .map(name => output('npm', ['config', 'get', name], env).trim())
    .filter(path => existsSync(path))
    .flatMap(path => readFileSync(path, 'utf8').split('\n'))
    .filter(line => NPM_SETTINGS.test(line))
    .map(line => `${line}\n`)
    .join('');
}

function goSettings(): Record<string, string> {
  if (!isOnPath('go')) return {};
  const values = output('go', ['env', ...GO_SETTINGS]).split('\n');
  return Object.fromEntries(
    GO_SETTINGS.map((name, index) => [name, values[index] ?? '']).filter(([, value]) => value !== ''),
  );
}

function output(program: string, words: readonly string[], env = process.env): string {
  return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], env });
}
