import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer as createRawServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { Readiness } from '../../../src/health/readiness.ts';
import { createRecorder } from '../../../src/recording/recording.ts';
import { diagnosticLine } from '../../../src/service/diagnostics.ts';
import { buildActor, buildEnrichedEvent, buildProcess } from '../event-builder.ts';
import { EVERY_CHARACTER, HOSTILE, RAW } from '../printing/hostile.ts';
import { serveLogs } from '../telemetry/delivery/logs-service.ts';
import type { CommandLine } from './command-lines.program.ts';
import { runAll } from './command-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'memwarden-hostile-'));
const recording = join(folder, 'recording.jsonl');
const rules = join(folder, 'rules.yaml');
let files = 0;

function file(content: string): string {
  files += 1;
  const path = join(folder, `file-${files}`);
  writeFileSync(path, content);
  return path;
}

before(() => {
  chmodSync(folder, 0o777);
  const recorder = createRecorder(recording, { redact: false });
  const names = { comm: HOSTILE, executablePath: `/tmp/${HOSTILE}`, cgroupPath: `/${HOSTILE}` };
  recorder.record(
    buildEnrichedEvent({
      actor: buildActor({ ...names, arguments: [HOSTILE, HOSTILE], ancestors: [{ tgid: 1, comm: HOSTILE }] }),
      target: buildProcess(names),
      path: `/proc/${HOSTILE}/mem`,
      requestedPath: HOSTILE,
      actorDetails: { commandLine: HOSTILE, workingDirectory: HOSTILE, userName: HOSTILE },
      targetDetails: { commandLine: HOSTILE },
    }),
  );
  recorder.close();
  chmodSync(recording, 0o644);
  const hostileRules = JSON.stringify({
    exceptions: [{ name: `rule ${HOSTILE}`, when: 'true', action: 'drop' }],
  });
  writeFileSync(
    rules,
    // YAML allows some of these characters escaped alone
    hostileRules.replace(/[^ -~]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
});
after(() => rmSync(folder, { recursive: true }));

/** Nothing acts, and what somebody else wrote begins no line. */
function assertHarmless(printed: string, what: string): void {
  for (const line of printed.split('\n')) {
    assert.doesNotMatch(line, RAW, what);
    assert.doesNotMatch(line, /^\s*FORGED/, what);
    assert.ok(line.length < 20_000, `${what}: a line of ${line.length} characters`);
  }
}

/** @param shown what must be printed all the same */
async function assertAllHarmless(lines: readonly CommandLine[], shown = /\\u001b\[2J/): Promise<void> {
  const printed = await runAll(lines);
  for (const [index, { args, env }] of lines.entries()) {
    const what = JSON.stringify({ args, env }).slice(0, 500);
    assertHarmless(printed[index] ?? '', what);
    assert.match(printed[index] ?? '', shown, what);
  }
}

const SETTLED = {
  MEMWARDEN_TELEMETRY_SPOOL_DIRECTORY: join(folder, 'spool'),
  OTEL_EXPORTER_OTLP_TIMEOUT: '500',
};

describe('what somebody else wrote acts on nothing', () => {
  it('in a command line', async () => {
    const commandLines = [
      [HOSTILE],
      [`--${HOSTILE}`],
      [`-${HOSTILE}`],
      ['run', HOSTILE],
      ['doctor', `--${HOSTILE}=x`],
      ['help', HOSTILE],
      ['explain', HOSTILE],
      ['completion', HOSTILE],
      ['config', HOSTILE],
      ['config', 'validate', HOSTILE],
      ['exceptions', 'check', HOSTILE],
      ['exceptions', 'test', HOSTILE, '--record', recording],
      ['exceptions', 'test', rules, '--record', HOSTILE],
      ['replay', HOSTILE],
      ['replay', recording, '--exceptions', HOSTILE],
      ['tail', '--from', HOSTILE],
      ['tail', '--signature', HOSTILE],
      ['tail', '--min-severity', HOSTILE],
      ['spool', 'drain', '--deadline', HOSTILE],
      ['spool', HOSTILE],
      ['--config', HOSTILE],
      ['--set', HOSTILE],
      ['--set', `${HOSTILE}=x`],
      ['--set', `telemetry.${HOSTILE}=x`],
      ['--set', `telemetry.exporter=${HOSTILE}`],
      ['--set', `telemetry.resource.attributes=${HOSTILE}`],
      ['--set', `telemetry.otlp.endpoint=http://${HOSTILE}`],
      ['config', 'show', '--set', `capture.hooks=${HOSTILE}=lsm`],
      ['--exporter', HOSTILE],
      ['--events', HOSTILE],
      ['--hook', HOSTILE],
      ['--log-level', HOSTILE],
      ['--endpoint', `http://${HOSTILE}`],
      ['spool', 'status', '--set', `telemetry.spool.directory=${HOSTILE}`],
      ['spool', 'inspect', '--set', `telemetry.spool.directory=${HOSTILE}`],
      ['doctor', '--set', `capture.btfPath=${HOSTILE}`, '--exporter', 'none'],
      ['replay', recording, '--set', `telemetry.otlp.certificatePath=${HOSTILE}`],
      ['replay', recording, '--set', `telemetry.otlp.headersPath=${HOSTILE}`],
      ['detach', '--set', `capture.pinPath=/nowhere/${HOSTILE}`],
    ];
    const lines = commandLines.map(args => ({ args, env: SETTLED }));
    // an endpoint's value is masked from where it is no host; help shows what there is
    await assertAllHarmless(lines, /\\(u001b|e)\[2J|\[secret\]|^Usage:/);
  });

  it('in the environment, and in the file of settings', async () => {
    const config = (content: string): CommandLine => ({
      args: ['config', 'validate', file(content)],
      env: {},
    });
    await assertAllHarmless(
      [
        { args: ['config', 'show'], env: { OTEL_SERVICE_NAME: HOSTILE } },
        { args: ['config', 'show', '--json'], env: { OTEL_SERVICE_NAME: HOSTILE } },
        { args: ['config', 'show'], env: { MEMWARDEN_CONFIG: HOSTILE } },
        { args: ['config', 'show'], env: { [`MEMWARDEN_${HOSTILE}`]: 'x' } },
        { args: ['config', 'show'], env: { OTEL_LOGS_EXPORTER: HOSTILE } },
        { args: ['config', 'show'], env: { OTEL_EXPORTER_OTLP_CERTIFICATE: HOSTILE } },
        config(JSON.stringify({ [HOSTILE]: 1 })),
        config(JSON.stringify({ telemetry: { [HOSTILE]: 1 } })),
        config(JSON.stringify({ telemetry: { exporter: HOSTILE } })),
        config(JSON.stringify({ telemetry: { exporter: { [HOSTILE]: [HOSTILE] } } })),
        config(`telemetry: "\\x${HOSTILE}`),
      ],
      /\\(u001b|e)\[2J|failed to parse/,
    );
  });

  it('in what config show prints, which --config takes back as it was', async () => {
    const [printed = ''] = await runAll([{ args: ['config', 'show'], env: { OTEL_SERVICE_NAME: HOSTILE } }]);
    assert.equal(parse(printed).telemetry.resource.serviceName, HOSTILE);
  });

  it('in a recording and in rules: test, replay as JSON and readable, tail with details', async () => {
    const replay = ['replay', recording, '--exporter', 'console'];
    const [json = ''] = await runAll([{ args: replay, env: {} }]);
    const records = file(json);
    await assertAllHarmless([
      { args: ['exceptions', 'test', rules, '--record', recording], env: {} },
      { args: replay, env: {} },
      { args: [...replay, '--pretty'], env: {} },
      { args: replay, env: { OTEL_RESOURCE_ATTRIBUTES: `a=${encodeURIComponent(HOSTILE.toWellFormed())}` } },
      { args: ['tail', '--from', records], env: {} },
      { args: ['tail', '--from', records, '--details'], env: {} },
      { args: ['tail', '--from', records, '--json'], env: {} },
    ]);
  });

  it('in records that another program passes to tail', async () => {
    const record = {
      timestamp: HOSTILE,
      eventName: HOSTILE,
      severityText: HOSTILE,
      body: HOSTILE,
      attributes: {
        'memwarden.severity': 3,
        'security_rule.uuid': HOSTILE,
        'process.command_line': HOSTILE,
        'container.id': HOSTILE,
        'memwarden.ancestors': [HOSTILE, HOSTILE],
      },
    };
    // as a program writes it that escapes no more than JSON asks for
    const records = file(`\t${JSON.stringify(record)} \r\n`);
    const lines = [[], ['--details'], ['--json']].map(flags => ({
      args: ['tail', '--from', records, ...flags],
      env: {},
    }));
    await assertAllHarmless(lines);
    const [printed = ''] = await runAll([{ args: ['tail', '--from', records, '--json'], env: {} }]);
    assert.deepEqual(JSON.parse(printed.split('\n')[0] ?? ''), record);
  });

  it('in a file of rules that is wrong in every way', async () => {
    const check = (rule: unknown): CommandLine => ({
      args: ['exceptions', 'check', file(JSON.stringify({ exceptions: [rule] }))],
      env: {},
    });
    await assertAllHarmless(
      [
        check({ name: HOSTILE }),
        check({ [HOSTILE]: 1 }),
        check({ name: HOSTILE, events: [HOSTILE], when: 'true', action: 'drop' }),
        check({ name: HOSTILE, when: HOSTILE, action: HOSTILE }),
        check({ name: 'a', when: `actor.${HOSTILE} == 1`, action: 'drop' }),
        { args: ['exceptions', 'check', file(JSON.stringify({ [HOSTILE]: [] }))], env: {} },
      ],
      /\\u001b\[2J|:1:/,
    );
  });

  it('in what a collector answers over gRPC, which is cut too', async t => {
    const said = `${HOSTILE}${'x'.repeat(6_000)}`;
    const retry = await serveLogs(t, (_, respond) => respond({ code: 14, details: said }));
    const refuse = await serveLogs(t, (_, respond) => respond({ code: 3, details: said }));
    const partial = await serveLogs(t, (_, respond) => respond(partialSuccess(said)));
    const lines = [retry, refuse, partial].flatMap((port, index) =>
      linesTo(`http://127.0.0.1:${port}`, 'grpc', index),
    );
    await assertAnswersHarmless(lines);
  });

  it('in what a server answers over HTTP', async t => {
    const port = await rawHttpServer(
      t,
      `HTTP/1.1 400 \u009b2J\u0085${'x'.repeat(6_000)}\r\ncontent-length: 0\r\n\r\n`,
    );
    const torn = await rawHttpServer(t, 'HTTP/1.1 \u001b[2J\r\n\r\n');
    const lines = [port, torn].flatMap((to, index) =>
      linesTo(`http://127.0.0.1:${to}`, 'http/protobuf', 3 + index),
    );
    await assertAnswersHarmless(lines);
  });

  it('in the log: any word, object, error and cause', () => {
    for (const word of [HOSTILE, { [HOSTILE]: HOSTILE }, [HOSTILE], new Error(HOSTILE, { cause: HOSTILE })]) {
      const line = diagnosticLine('warn', ['capture', 'failed:', word], new Date(0));
      assert.doesNotMatch(line, RAW);
      assert.doesNotMatch(diagnosticLine('warn', [word], new Date(0)), RAW);
    }
    for (const chunk of EVERY_CHARACTER.match(/.{1,1000}/gs) ?? [])
      assert.doesNotMatch(diagnosticLine('error', ['otlp', chunk], new Date(0)), RAW);
    assert.ok(diagnosticLine('warn', ['otlp', 'x'.repeat(1_000_000)], new Date(0)).length < 5_000);
  });

  it('in what /readyz answers', () => {
    const report = new Readiness(['file_open'], {
      eventLoopProblem: () => undefined,
      spoolProblem: () => `${HOSTILE}${'x'.repeat(10_000)}`,
      collectorProblem: () => `https://user:s3cret-pw@host ${HOSTILE}`,
    }).report();
    const text = JSON.stringify(report);
    assert.doesNotMatch(text, RAW);
    assert.doesNotMatch(text, /s3cret-pw/);
    assert.match(text, /more characters\)/);
  });
});

function linesTo(endpoint: string, protocol: string, index: number): readonly CommandLine[] {
  // made by the first command, which so owns it
  const spool = join(folder, `spool-${index}`);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    MEMWARDEN_TELEMETRY_SPOOL_DIRECTORY: spool,
    OTEL_LOG_LEVEL: 'all',
  };
  const commands = [
    ['replay', recording],
    ['doctor'],
    ['doctor', '--json'],
    ['spool', 'drain', '--deadline', '0.5'],
    ['spool', 'inspect'],
  ];
  return commands.map(args => ({ args, env }));
}

async function assertAnswersHarmless(lines: readonly CommandLine[]): Promise<void> {
  const printed = await runAll(lines);
  for (const [index, { args }] of lines.entries()) assertHarmless(printed[index] ?? '', args.join(' '));
  const all = printed.join('');
  assert.match(all, /more characters\)/);
  assert.match(all, /\\u009b/);
  assert.ok(!all.includes('x'.repeat(2_000)), 'what the server said is cut everywhere');
}

/** ExportLogsServiceResponse with partial_success { rejected_log_records: 1, error_message }. */
function partialSuccess(message: string): Buffer {
  const text = Buffer.from(message);
  const inner = Buffer.concat([Buffer.of(0x08, 1, 0x12), varint(text.length), text]);
  return Buffer.concat([Buffer.of(0x0a), varint(inner.length), inner]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** Answers every request with these bytes, whatever HTTP says to them. */
async function rawHttpServer(t: TestContext, answer: string): Promise<number> {
  const server = createRawServer(socket => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.end(Buffer.from(answer, 'latin1')));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}
