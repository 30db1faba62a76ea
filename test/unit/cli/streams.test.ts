/**
 * Symptom: `memwarden config show >/dev/full` and `memwarden replay FILE | head -1` ended with an uncaught error and its
 * stack, and `replay` with status 0 when no collector answered. Cause: the streams had no
 * listener for errors, and the result of the delivery was ignored.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../../../src/service/exit-codes.ts';
import { MAIN, NODE_OPTIONS } from './cli.ts';

const RECORDING = fileURLToPath(new URL('../../../docs/examples.jsonl', import.meta.url));
const STACK = /\n\s+at .*:\d+:\d+/;

const folder = mkdtempSync(join(tmpdir(), 'memwarden-streams-'));
after(() => rmSync(folder, { recursive: true }));

const RECORDS = join(folder, 'records.jsonl');
const EXCEPTIONS = join(folder, 'exceptions.yaml');
const RECORD = {
  timestamp: '2026-01-02T03:04:05Z',
  eventName: 'a',
  severityText: 'HIGH',
  body: 'b',
  attributes: {},
};
writeFileSync(
  RECORDS,
  `${JSON.stringify({ ...RECORD, attributes: { 'memwarden.severity': 3 } })}\n`.repeat(1_000),
);
writeFileSync(EXCEPTIONS, 'exceptions: []\n');

const COMMANDS: readonly (readonly string[])[] = [
  ['--help'],
  ['signatures'],
  ['config', 'show'],
  ['exceptions', 'test', EXCEPTIONS, '--record', RECORDING],
  ['tail', '--from', RECORDS],
  ['replay', RECORDING, '--exporter', 'console'],
];

interface Outcome {
  readonly status: number | null;
  readonly stderr: string;
}

type Stream = 'pipe' | number;

async function run(
  args: readonly string[],
  {
    stdout = 'pipe',
    stderr = 'pipe',
    isReaderGone = false,
  }: { stdout?: Stream; stderr?: Stream; isReaderGone?: boolean },
): Promise<Outcome> {
  const child = spawn(process.execPath, [...NODE_OPTIONS, MAIN, ...args], {
    stdio: ['ignore', stdout, stderr],
    env: {
      PATH: process.env['PATH'],
      MEMWARDEN_TELEMETRY_SPOOL_DIRECTORY: mkdtempSync(join(folder, 'spool-')),
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
    },
  });
  if (isReaderGone) child.stdout?.destroy();
  else child.stdout?.resume();
  const exited = once(child, 'exit');
  const said = child.stderr === null ? '' : await text(child.stderr);
  const [status] = await exited;
  return { status, stderr: said };
}

function fullDisk(t: TestContext): number {
  const fd = openSync('/dev/full', 'w');
  t.after(() => closeSync(fd));
  return fd;
}

async function listen(t: TestContext, onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket.on('error', () => undefined));
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

for (const args of COMMANDS) {
  describe(`memwarden ${args[0]} ${args[1]?.startsWith('/') ? '' : (args[1] ?? '')}`.trim(), () => {
    it('fails in a sentence when stdout is full', async t => {
      const { status, stderr } = await run(args, { stdout: fullDisk(t) });
      assert.match(stderr, /failed to write (records )?to stdout: ENOSPC/);
      assert.doesNotMatch(stderr, STACK);
      assert.equal(status, EXIT.failure);
    });

    it('is done when the reader of stdout has gone', async () => {
      const { status, stderr } = await run(args, { isReaderGone: true });
      assert.doesNotMatch(stderr, STACK);
      assert.equal(status, EXIT.ok, stderr);
    });
  });
}

describe('a full stderr', () => {
  it('changes nothing about what a command does', async t => {
    const fd = fullDisk(t);
    assert.equal((await run(['config', 'validate'], { stderr: fd })).status, EXIT.ok);
    assert.equal((await run(['config', 'validate', '/does/not/exist'], { stderr: fd })).status, EXIT.usage);
    assert.equal((await run(['replay', RECORDING, '--exporter', 'console'], { stderr: fd })).status, EXIT.ok);
  });
});

describe('memwarden replay to a collector', () => {
  for (const [title, onConnection] of [
    ['hangs up', (socket: Socket) => socket.destroy()],
    ['never answers', () => undefined],
  ] as const) {
    for (const protocol of ['grpc', 'http/protobuf']) {
      it(`says what was not delivered when it ${title}, over ${protocol}`, async t => {
        const endpoint = `http://127.0.0.1:${await listen(t, onConnection)}`;
        const flags = ['--endpoint', endpoint, '--set', `telemetry.otlp.protocol=${protocol}`];
        const { status, stderr } = await run(['replay', RECORDING, ...flags], {});
        assert.match(stderr, /\d+ records were not delivered; they wait in /);
        assert.equal(status, EXIT.collector);
      });
    }
  }
});
