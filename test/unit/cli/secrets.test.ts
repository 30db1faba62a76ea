import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { createRecorder } from '../../../src/recording/recording.ts';
import { buildEnrichedEvent } from '../event-builder.ts';
import { endpointsWith, spellingsOf } from '../printing/spellings.ts';
import type { CommandLine } from './command-lines.program.ts';
import { runAll } from './command-lines.ts';

/** Nobody listens there: port 9 of loopback. */
const NOWHERE = '127.0.0.1:9';

const folder = mkdtempSync(join(tmpdir(), 'memwarden-secrets-'));
const recording = join(folder, 'recording.jsonl');
let files = 0;

before(() => {
  chmodSync(folder, 0o777);
  const recorder = createRecorder(recording);
  recorder.record(buildEnrichedEvent());
  recorder.close();
  chmodSync(recording, 0o644);
});
after(() => rmSync(folder, { recursive: true }));

/** The same settings from the environment, a file and flags. */
const SOURCES: Readonly<Record<string, (endpoint: string) => CommandLine>> = {
  environment: endpoint => ({
    args: [],
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: endpoint },
  }),
  file: endpoint => {
    files += 1;
    const path = join(folder, `${files}.yaml`);
    writeFileSync(path, JSON.stringify({ telemetry: { otlp: { logsEndpoint: endpoint } } }));
    return { args: ['--config', path], env: {} };
  },
  '--set': endpoint => ({ args: ['--set', `telemetry.otlp.endpoint=${endpoint}`], env: {} }),
  'a list in the file': endpoint => {
    files += 1;
    const path = join(folder, `${files}.yaml`);
    writeFileSync(path, JSON.stringify({ telemetry: { otlp: { endpoint: [endpoint] } } }));
    return { args: ['--config', path], env: {} };
  },
  'another setting': endpoint => ({
    args: ['--set', `detect.events=${endpoint}`, '--set', `telemetry.exporter=${endpoint}`],
    env: { OTEL_SERVICE_NAME: endpoint, OTEL_RESOURCE_ATTRIBUTES: endpoint },
  }),
  'a name that is no setting': endpoint => ({ args: ['--set', endpoint], env: {} }),
  'a mistyped flag': endpoint => ({ args: [`--endpont=${endpoint}`, endpoint], env: {} }),
};

const SPOOL = join(folder, 'spool');
const QUICK = {
  OTEL_EXPORTER_OTLP_TIMEOUT: '500',
  MEMWARDEN_TELEMETRY_SPOOL_DIRECTORY: SPOOL,
  OTEL_LOG_LEVEL: 'all',
};

/** The commands with settings; `run` and `record` end after these, since they lack a capability. */
const COMMANDS: readonly (readonly string[])[] = [
  ['run'],
  ['config', 'show'],
  ['config', 'show', '--json'],
  ['config', 'validate'],
  ['tail', '--from', '/dev/null'],
  ['record', join(folder, 'never')],
  ['spool', 'status'],
  ['detach'],
];

/** Those that wait for a collector that does not answer. */
const SENDERS: readonly (readonly string[])[] = [
  ['replay', recording],
  ['spool', 'drain', '--deadline', '0.1'],
];

/** A new secret each time: that one is registered must not hide the next. */
let made = 0;
function nextSecret(): string {
  made += 1;
  return `Zk${made}.s3cret-qP`;
}

function assertHidden(printed: string, secret: string, what: string): void {
  for (const spelling of spellingsOf(secret))
    assert.ok(!printed.includes(spelling), `${what} prints ${spelling}:\n${printed}`);
}

function commandsFor(index: number): readonly (readonly string[])[] {
  const senders = index % 5 === 0 ? [SENDERS[(index / 5) % SENDERS.length] ?? []] : [];
  return [COMMANDS[index % COMMANDS.length] ?? [], ...senders];
}

for (const [source, lineOf] of Object.entries(SOURCES)) {
  it(`no command prints the secret of an endpoint from ${source}, in whatever spelling`, async () => {
    const cases = Object.keys(endpointsWith('', '')).flatMap((spelling, index) =>
      // each spelling with some of the commands; over all sources most combinations
      commandsFor(index + files).map(command => {
        const secret = nextSecret();
        const { args, env } = lineOf(endpointsWith(secret, NOWHERE)[spelling] ?? '');
        const protocol = index % 2 === 0 ? 'http/protobuf' : 'grpc';
        const line = {
          args: [...command, ...args],
          env: { ...QUICK, OTEL_EXPORTER_OTLP_PROTOCOL: protocol, ...env },
        };
        return { secret, line, what: `${command.join(' ')} (${spelling})` };
      }),
    );
    const printed = await runAll(cases.map(({ line }) => line));
    for (const [index, { secret, what }] of cases.entries()) assertHidden(printed[index] ?? '', secret, what);
  });
}

it('doctor prints no secret of an endpoint that it asks, nor of one that it cannot ask', async () => {
  const cases = Object.keys(endpointsWith('', '')).map((spelling, index) => {
    const secret = nextSecret();
    const endpoint = endpointsWith(secret, NOWHERE)[spelling] ?? '';
    const protocol = index % 2 === 0 ? 'grpc' : 'http/protobuf';
    const env = { ...QUICK, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: protocol };
    return { secret, spelling, line: { args: index % 4 < 2 ? ['doctor'] : ['doctor', '--json'], env } };
  });
  const printed = await runAll(cases.map(({ line }) => line));
  assert.match(printed[1] ?? '', /https:\/\/\[secret\]@127\.0\.0\.1:9/);
  for (const [index, { secret, spelling }] of cases.entries())
    assertHidden(printed[index] ?? '', secret, `doctor (${spelling})`);
});

it('no command prints the value of a header, right or wrong, from environment, file, flag or file of headers', async () => {
  const headers = (secret: string): readonly string[] => [
    `authorization=Bearer ${secret}`,
    `authorization=Bearer%20${secret}`,
    `authorization=Basic ${Buffer.from(`user:${secret}`).toString('base64')}`,
    `Authorization: Bearer ${secret}`,
    `Bearer ${secret}`,
    `Bearer ${secret}==`,
    `${secret}==`,
    `=${secret}`,
    `x-key=${secret}\u0007`,
    `x-key-bin=${secret}`,
    `x key=${secret}`,
    `a=b,x-key=${secret},`,
    `a=%zz,x-key=${secret}`,
    `x-key="${secret}"`,
  ];
  const sources: readonly ((header: string) => CommandLine)[] = [
    header => ({ args: [], env: { OTEL_EXPORTER_OTLP_HEADERS: header } }),
    header => ({ args: [], env: { OTEL_EXPORTER_OTLP_METRICS_HEADERS: header } }),
    header => ({ args: ['--set', `telemetry.otlp.headers=${header}`], env: {} }),
    header => {
      const [name = '', ...value] = header.split('=');
      const path = join(folder, `headers-${++files}.yaml`);
      writeFileSync(path, JSON.stringify({ telemetry: { otlp: { headers: { [name]: value.join('=') } } } }));
      return { args: ['--config', path], env: {} };
    },
    header => {
      const path = join(folder, `headers-${++files}`);
      writeFileSync(path, `# headers\n${header}\n`);
      return { args: ['--set', `telemetry.otlp.headersPath=${path}`], env: {} };
    },
  ];
  const commands = [['config', 'show'], ['config', 'validate'], ['replay', recording], ['doctor']];
  const cases = headers('').flatMap((_, index) =>
    sources.flatMap((lineOf, source) => {
      const secret = nextSecret();
      const { args, env } = lineOf(headers(secret)[index] ?? '');
      const command = commands[(index + source) % commands.length] ?? [];
      return [{ secret, line: { args: [...command, ...args], env: { ...QUICK, ...env } } }];
    }),
  );
  const printed = await runAll(cases.map(({ line }) => line));
  for (const [index, { secret, line }] of cases.entries())
    assertHidden(printed[index] ?? '', secret, JSON.stringify(line));
});

it('a header that is an ordinary word is not shown, and hides that word nowhere else', async () => {
  const headers = 'x-env=production,x-scope-orgid=team-a';
  const settings = { OTEL_EXPORTER_OTLP_HEADERS: headers, OTEL_SERVICE_NAME: 'production' };
  const path = join(folder, `headers-${++files}`);
  writeFileSync(path, `# of the team, and of production\n${headers.replace(',', '\n')}\n`);
  const [shown = '', record = ''] = await runAll([
    { args: ['config', 'show'], env: settings },
    {
      args: ['replay', recording, '--exporter', 'console', '--set', `telemetry.otlp.headersPath=${path}`],
      env: { ...settings, OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=production,team=team-a' },
    },
  ]);
  assert.match(shown, /serviceName: production/);
  assert.match(shown, /x-env: "?\[secret\]/);
  assert.match(shown, /x-scope-orgid: "?\[secret\]/);
  assert.doesNotMatch(shown, /team-a/);
  assert.match(record, /"service\.name":"production"/);
  assert.match(record, /"deployment\.environment\.name":"production"/);
  assert.match(record, /"team":"team-a"/);
  assert.doesNotMatch(record, /\[secret\]/);
});

it('a server that says back what it was sent puts no secret into log, doctor or error', async t => {
  const server = createServer((request, response) => {
    const said = `${request.url} ${request.headers.authorization} ${request.headers['x-key']}`;
    response.writeHead(request.url?.includes('refuse') ? 400 : 503, said.replace(/[^ -~]/g, '?')).end(said);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const at = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cases = ['refuse', 'retry'].flatMap(answer =>
    [['doctor'], ['replay', recording], ['spool', 'drain', '--deadline', '0.5'], ['spool', 'inspect']].map(
      command => {
        const secret = nextSecret();
        const env = {
          ...QUICK,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
          OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `http://user:${secret}-url@${at}/${answer}?token=${secret}-query`,
          OTEL_EXPORTER_OTLP_HEADERS: `x-key=${secret}-header`,
        };
        return { secret, line: { args: command, env } };
      },
    ),
  );
  const printed = await runAll(cases.map(({ line }) => line));
  assert.match(printed.join(''), /\[secret\]/);
  for (const [index, { secret, line }] of cases.entries())
    assertHidden(printed[index] ?? '', secret, line.args.join(' '));
});

it('the credentials of a proxy are printed by nothing', async () => {
  const secret = nextSecret();
  const env = {
    ...QUICK,
    https_proxy: `http://user:${secret}@${NOWHERE}`,
    OTEL_RESOURCE_ATTRIBUTES: `a=${secret}`,
  };
  const printed = await runAll([
    { args: ['config', 'show'], env },
    { args: ['doctor'], env },
    { args: ['replay', recording, '--exporter', 'console'], env },
  ]);
  assertHidden(printed.join(''), secret, 'a command');
});
