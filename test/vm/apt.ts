import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';

export type Architecture = 'amd64' | 'arm64';

const PUBLIC_ARCHIVE = 'http://deb.debian.org/debian';
export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Age up to which an index is used without an update. */
const INDEX_MAX_AGE_MILLIS = 24 * 60 * 60 * 1000;

/**
 * One Debian suite for one architecture, with an apt state of its own: the host's sources, lists and installed
 * packages are neither read nor changed.
 */
export class AptSuite {
  readonly suite: string;
  readonly architecture: Architecture;
  readonly #folder: string;
  readonly #options: readonly string[];
  #ready = false;

  constructor(suite: string, architecture: Architecture) {
    this.suite = suite;
    this.architecture = architecture;
    this.#folder = cacheFolder('apt', `${suite}-${architecture}`);
    this.#options = Object.entries({
      'Dir::State': this.#folder,
      'Dir::State::status': join(this.#folder, 'status'),
      'Dir::Cache': join(this.#folder, 'cache'),
      'Dir::Etc::sourcelist': join(this.#folder, 'sources.list'),
      'Dir::Etc::sourceparts': '/dev/null',
      'APT::Architecture': architecture,
      'APT::Architectures': architecture,
      'APT::Sandbox::User': '',
      'Acquire::Languages': 'none',
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    }).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  }

  /** Names of the suite's packages that match an extended regular expression. @throws when the suite cannot be had */
  search(pattern: string): string[] {
    this.#update();
    return this.#run('apt-cache', ['search', '--names-only', pattern])
      .split('\n')
      .map(line => line.split(' ')[0] ?? '')
      .filter(name => name !== '');
  }

  /** Unpacks a package, which is never installed, and answers the folder. @throws when it cannot be had */
  unpack(name: string): string {
    const target = join(cacheFolder('packages'), `${name}_${this.architecture}_${this.suite}`);
    const done = join(target, '.complete');
    if (existsSync(done)) return target;
    this.#update();
    const downloads = join(this.#folder, 'download', name);
    mkdirSync(downloads, { recursive: true });
    this.#run('apt-get', ['download', name], downloads);
    const archive = readdirSync(downloads).find(file => file.endsWith('.deb'));
    if (archive === undefined) throw new Error(`failed to download ${name}: apt-get left no archive`);
    execFileSync('dpkg-deb', ['-x', join(downloads, archive), target]);
    writeFileSync(done, `${archive}\n`);
    return target;
  }

  #update(): void {
    if (this.#ready) return;
    const stamp = join(this.#folder, 'updated');
    if (!existsSync(stamp) || Date.now() - statSync(stamp).mtimeMs > INDEX_MAX_AGE_MILLIS) {
      for (const folder of ['lists/partial', 'cache/archives/partial', 'download'])
        mkdirSync(join(this.#folder, folder), { recursive: true });
      writeFileSync(join(this.#folder, 'status'), '');
      writeFileSync(
        join(this.#folder, 'sources.list'),
        `deb [signed-by=${KEYRING}] ${debianMirror()} ${this.suite} main\n`,
      );
      this.#run('apt-get', ['update', '--error-on=any']);
      writeFileSync(stamp, '');
      utimesSync(stamp, new Date(), new Date());
    }
    this.#ready = true;
  }

  #run(program: string, words: string[], folder = this.#folder): string {
    try {
      return execFileSync(program, [...this.#options, ...words], {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        maxBuffer: 64 << 20,
      });
    } catch (error) {
      const stderr = String((error as { stderr?: unknown }).stderr ?? error).trim();
      throw new Error(`failed to run ${program} ${words.join(' ')} for ${this.suite}: ${stderr}`, {
        cause: error,
      });
    }
  }
}

/**
 * The Debian archive that MEMWARDEN_TEST_MIRROR names, or that this machine already uses, or everybody's (on Ubuntu, say).
 */
export function debianMirror(): string {
  const named = process.env['MEMWARDEN_TEST_MIRROR'];
  if (named) return named;
  const uris = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'], {
    encoding: 'utf8',
  }).split('\n');
  return uris.find(candidate => /\/debian\/?$/.test(candidate)) ?? PUBLIC_ARCHIVE;
}
