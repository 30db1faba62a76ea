import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { IMAGE } from './container.ts';
import { whyNoCompose, whyNoImage } from './engine.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const COLLECTOR: string = parse(readFileSync(`${ROOT}docker-compose.yml`, 'utf8')).services.collector.image;

/** A project of its own: a demonstration that someone is watching goes on. */
const COMPOSE = ['compose', '--project-name', 'memwarden-test'];

const skip =
  whyNoCompose() ||
  whyNoImage(IMAGE, `docker build --tag ${IMAGE} .`) ||
  whyNoImage(COLLECTOR, `docker pull ${COLLECTOR}`);

describe('the demonstration of docker-compose.yml', { skip }, () => {
  after(() => {
    execFileSync('docker', [...COMPOSE, 'down', '--volumes'], { cwd: ROOT, stdio: 'ignore' });
  });

  test("brings the attacker's reads of the victim's memory to the Collector", async () => {
    execFileSync('docker', [...COMPOSE, 'up', '--detach', '--no-build'], { cwd: ROOT, stdio: 'pipe' });

    const line = await firstLine('collector', /opened the memory of/);
    assert.match(line, /node \(pid \d+\) opened the memory of node \(pid \d+\) for reading/);
    assert.match(line, /process\.command_line=\S+ \/demo\/attacker\.ts /);
    assert.match(line, /memwarden\.target\.process\.command_line=\S+ \/demo\/victim\.ts /);
    assert.match(line, /memwarden\.cross_container=true/);
    const attacker = await firstLine('attacker', /read the memory/);
    assert.match(attacker, /MEMWARDEN-DEMO-SECRET-[0-9a-f]{16}/);
  });
});

/** The first line of a service's log that matches, from its beginning on. */
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
      // the last one may be half a line
      if (line !== undefined && text.includes(`${line}\n`)) return line;
    }
    throw new Error(`${service} ended before it said ${pattern}:\n${text}`);
  } finally {
    logs.kill();
  }
}
