/** Symptom: NODE_OPTIONS and a dozen other variables ran code in the sidecar or opened its inspector. */
import assert from 'node:assert/strict';
import { execFileSync, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const LAUNCHER = join(ROOT, 'src/launcher/memwarden');
const MAIN = join(ROOT, 'src/cli/main.ts');

const folder = mkdtempSync(join(tmpdir(), 'memwarden-clean-'));
after(() => rmSync(folder, { recursive: true }));

const traces = join(folder, 'traces');
const evil = join(folder, 'evil.cjs');
writeFileSync(evil, `require('node:fs').appendFileSync(${JSON.stringify(traces)}, 'x')`);

/** What an environment may have Node.js do before memwarden's first line, or beside it. */
const ATTACKS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'code before ours': { NODE_OPTIONS: `--require=${evil}` },
  'an inspector': { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
  'a report on a signal': { NODE_OPTIONS: '--report-on-signal --report-signal=SIGUSR2' },
  'files with coverage': { NODE_V8_COVERAGE: join(folder, 'coverage') },
  'a cache of code': { NODE_COMPILE_CACHE: join(folder, 'cache') },
  'warnings into a file': { NODE_REDIRECT_WARNINGS: join(folder, 'warnings') },
  'its debug log': { NODE_DEBUG: 'module,http,net', NODE_DEBUG_NATIVE: 'INSPECTOR_SERVER' },
  'OpenSSL with another configuration': { OPENSSL_CONF: join(folder, 'none.cnf') },
};

/** What libraries print of their own accord: tokens of the file of settings, and what gRPC does. */
const TALK = { LOG_TOKENS: '1', LOG_STREAM: '1', GRPC_TRACE: 'all', GRPC_VERBOSITY: 'DEBUG' };
const settings = join(folder, 'settings.yaml');
writeFileSync(settings, 'telemetry:\n  otlp:\n    headers:\n      authorization: Bearer t0k3n-of-settings\n');
/** Reads the settings, and asks a collector that is not there. */
const TALKATIVE = [
  ...['spool', 'drain', '--deadline', '0.1', '--config', settings, '--endpoint', 'http://127.0.0.1:9'],
  ...['--set', `telemetry.spool.directory=${join(folder, 'spool')}`],
];

function assertSilent({ stdout, stderr }: SpawnSyncReturns<string>): void {
  assert.doesNotMatch(`${stdout}${stderr}`, /t0k3n-of-settings|[A-Z] \||<DOC>|flow-error|block-map/);
}

const environment = { PATH: process.env['PATH'] };

/** Which of the files above there are. */
function written(): string[] {
  return ['traces', 'coverage', 'cache', 'warnings'].filter(name => existsSync(join(folder, name)));
}

function version(): string {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;
}

describe('the launcher of the package', () => {
  for (const [what, variables] of Object.entries(ATTACKS)) {
    it(`lets no environment have Node.js do ${what}`, () => {
      const env = { ...environment, ...variables };
      const { status, stdout, stderr } = spawnSync(LAUNCHER, ['--version'], { env, encoding: 'utf8' });
      assert.deepEqual([status, stdout, stderr], [0, `${version()}\n`, '']);
      assert.deepEqual(written(), []);
    });
  }

  it('lets no environment have the libraries print what they read', () => {
    const env = { ...environment, ...TALK };
    assertSilent(spawnSync(LAUNCHER, TALKATIVE, { env, encoding: 'utf8' }));
  });

  it('starts the Node.js that was installed with it, through a link, from anywhere, and passes arguments on', () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const link = join(bin, 'memwarden');
    execFileSync('ln', ['-s', LAUNCHER, link]);
    // a Node.js of the machine comes first in the path, and is not asked
    writeFileSync(join(bin, 'node'), '#!/bin/sh\nexit 99\n', { mode: 0o755 });
    const { status, stderr } = spawnSync(link, ['no such command'], {
      env: { PATH: `${bin}:/usr/bin:/bin` },
      cwd: '/',
      encoding: 'utf8',
    });
    assert.equal(status, 2);
    assert.match(stderr, /unknown command 'no such command'/);
  });

  it('leaves the other variables alone, also such as have lines of another in them', () => {
    const OTEL_SERVICE_NAME = 'first\nNODE_OPTIONS=--require=second';
    const { stdout, stderr } = spawnSync(LAUNCHER, ['config', 'show'], {
      env: { ...environment, OTEL_SERVICE_NAME },
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    assert.match(stdout, /OTEL_SERVICE_NAME/);
  });
});

describe('main, started past the launcher', () => {
  it('becomes a Node.js without those variables and deaf to SIGUSR1, in the same process', async () => {
    const child = spawn(process.execPath, [MAIN, 'tail', '--from', '-'], {
      env: { ...environment, NODE_OPTIONS: `--require=${evil}`, NODE_DEBUG: 'net', UV_THREADPOOL_SIZE: '1' },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    const exit = once(child, 'exit');
    const options = () => readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0');
    while (!options().includes('--disable-sigusr1')) await new Promise(resolve => setImmediate(resolve));
    const variables = readFileSync(`/proc/${child.pid}/environ`, 'utf8').split('\0');
    assert.deepEqual(
      variables.filter(variable => /^(NODE|UV)_/.test(variable)),
      [],
    );
    assert.ok(variables.includes(`PATH=${environment.PATH}`));
    child.stdin.end();
    assert.deepEqual(await exit, [0, null]);
    assert.equal(readFileSync(traces, 'utf8'), 'x');
    rmSync(traces);
  });

  it('lets no environment have the libraries print what they read', () => {
    const env = { ...environment, ...TALK };
    assertSilent(spawnSync(process.execPath, [MAIN, ...TALKATIVE], { env, encoding: 'utf8' }));
  });

  it('has eight threads for what waits, whatever the environment says', () => {
    const probe = join(folder, 'probe.mjs');
    // libuv starts all of its threads with the first call that needs one
    writeFileSync(
      probe,
      `import { readFile, readFileSync, readdirSync } from 'node:fs';
      process.on('exit', () => {
        readFile('/dev/null', () => undefined);
        const names = readdirSync('/proc/self/task').map(id => readFileSync(\`/proc/self/task/\${id}/comm\`, 'utf8'));
        process._rawDebug(names.filter(name => name === 'libuv-worker\\n').length);
      });`,
    );
    const { stderr } = spawnSync(process.execPath, ['--import', probe, MAIN, '--version'], {
      env: { ...environment, UV_THREADPOOL_SIZE: '1' },
      encoding: 'utf8',
    });
    assert.equal(stderr, '8\n');
  });
});

/** Why the image's program cannot be compiled here, for `skip`. */
function whyNoCompiler(): string | false {
  return spawnSync('gcc', ['--version']).status === 0 ? false : 'needs gcc';
}

describe('node of the image', { skip: whyNoCompiler() }, () => {
  const node = join(folder, 'node');
  const compile = (): void => {
    const source = join(ROOT, 'src/launcher/start-node.c');
    // as in the Dockerfile
    execFileSync('gcc', [
      ...['-static', '-Os', '-Wall', '-Wextra', '-Werror', '-o', node, source],
      `-DNODE="${process.execPath}"`,
    ]);
  };
  const start = (variables: Readonly<Record<string, string>>, ...words: string[]): SpawnSyncReturns<string> =>
    spawnSync(node, words, { env: { ...environment, ...variables }, encoding: 'utf8' });

  it('lets no environment have Node.js do anything, the loader included', () => {
    compile();
    for (const variables of [...Object.values(ATTACKS), { LD_PRELOAD: '/none.so' }]) {
      // not memwarden, which would have cleaned up behind it
      const { status, stdout, stderr } = start(variables, '--print', '1');
      assert.deepEqual([status, stdout, stderr], [0, '1\n', '']);
    }
    assert.deepEqual(written(), []);
    const { stdout } = start(TALK, '--print', 'Object.keys(process.env)');
    assert.doesNotMatch(stdout, /LOG_|GRPC_/);
  });

  it('passes arguments and all other variables on, and starts what Dockerfile and health check start', () => {
    compile();
    const { stdout } = start(
      { OTHER: 'a=b' },
      '-p',
      'JSON.stringify([process.env.OTHER, process.argv[1]])',
      'c d',
    );
    assert.deepEqual(JSON.parse(stdout), ['a=b', 'c d']);
    const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
    const started = [...dockerfile.matchAll(/^(?:ENTRYPOINT| +CMD) \["([^"]+)"/gm)].map(
      ([, program]) => program,
    );
    assert.deepEqual(started, ['/usr/local/bin/node', '/usr/local/bin/node']);
    assert.match(dockerfile, /gcc -static .* -o \/image\/usr\/local\/bin\/node src\/launcher\/start-node\.c/);
  });
});
