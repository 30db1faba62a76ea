import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { buildAttacks } from '../../live/attack.ts';
import { attack } from '../attack.ts';
import { IMAGE } from './container.ts';
import { whyNoCompose, whyNoImage } from './engine.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const COLLECTOR: string = parse(readFileSync(`${ROOT}docker-compose.yml`, 'utf8')).services.collector.image;

/** include/uapi/linux/magic.h */
const BPF_FS_MAGIC = 0xcafe4a11;

/** A separate project name, so that a running demonstration is not disturbed. */
const COMPOSE = ['compose', '--project-name', 'memwarden-test'];

const skip =
  whyNoCompose() ||
  whyNoImage(IMAGE, `docker build --tag ${IMAGE} .`) ||
  whyNoImage(COLLECTOR, `docker pull ${COLLECTOR}`);

describe('the demonstration of docker-compose.yml', { skip }, () => {
  before(() => {
    buildAttacks();
    compose('up', '--detach', '--no-build');
  });
  after(() => compose('down', '--volumes'));

  test("brings the attacker's reads of the victim's memory to the Collector", async () => {
    const line = await firstLine('collector', /opened the memory of .* \/demo\/attacker\.ts /);
    assert.match(line, /node \(pid \d+\) opened the memory of node \(pid \d+\) for reading/);
    assert.match(line, /memwarden\.target\.process\.command_line=\S+ \/demo\/victim\.ts /);
    assert.match(line, /memwarden\.cross_container=true/);
    const attacker = await firstLine('attacker', /read the memory/);
    assert.match(attacker, /MEMWARDEN-DEMO-SECRET-[0-9a-f]{16}/);
  });

  test('reports the accesses of the time while memwarden was stopped', { skip: whyNotPinned() }, async () => {
    await firstLine('memwarden', /memwarden ready/);
    compose('stop', 'memwarden');
    const act = await attack('open_mem');
    compose('start', 'memwarden');
    await firstLine('collector', new RegExp(`\\(pid ${act.actor_pid}\\) opened the memory of`));
  });

  test('leaves nothing in the kernel after detach', { skip: whyNotPinned() }, () => {
    compose('stop', 'memwarden');
    assert.match(
      compose('run', '--rm', '--no-deps', 'memwarden', 'detach'),
      /removed [1-9]\d* programs from \/sys\/fs\/bpf\/memwarden/,
    );
    assert.equal(existsSync('/sys/fs/bpf/memwarden'), false);
  });
});

/** Runs docker compose and returns all that it says. */
function compose(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync('docker', [...COMPOSE, ...words], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout + stderr;
}

/** Why programs cannot stay in the kernel after the container ends on this machine, for `skip`. */
function whyNotPinned(): string | false {
  return existsSync('/sys/fs/bpf') && statfsSync('/sys/fs/bpf').type === BPF_FS_MAGIC
    ? false
    : 'needs a BPF file system: mount -t bpf bpf /sys/fs/bpf';
}

/** Waits for the first line of a service's log that matches. */
async function firstLine(service: string, pattern: RegExp): Promise<string> {
  const logs = spawn('docker', [...COMPOSE, 'logs', '--follow', '--no-log-prefix', service], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let text = '';
    for await (const chunk of logs.stdout.setEncoding('utf8')) {
      text += chunk;
      const line = text.split('\n').find(candidate => pattern.test(candidate));
      // the last line can be incomplete
      if (line !== undefined && text.includes(`${line}\n`)) return line;
    }
    throw new Error(`${service} ended before it said ${pattern}:\n${text}`);
  } finally {
    logs.kill();
  }
}
