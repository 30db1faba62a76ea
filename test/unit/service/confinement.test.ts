import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { linuxCapabilitySet } from '../../../src/service/linux-capabilities.ts';

const PROGRAM = fileURLToPath(new URL('./confinement.program.ts', import.meta.url));

const CAP_DAC_OVERRIDE = 1n << 1n;
const CAP_DAC_READ_SEARCH = 1n << 2n;
const CAP_SYS_PTRACE = 1n << 19n;
const CAP_BPF = 1n << 39n;
/** The first user that is not of the system: /etc/login.defs. */
const ORDINARY_USER = 1000;

interface Confined {
  /** What it says. */
  readonly kept: readonly string[];
  readonly threads: number;
  readonly unconfinedThreads: number;
  /** What the kernel says: status of the thread that called, and of all. */
  readonly status: string;
  readonly all: readonly string[];
}

async function confined(...args: string[]): Promise<Confined> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  const folder = `/proc/${child.pid}/task`;
  const all = readdirSync(folder).map(thread => readFileSync(join(folder, thread, 'status'), 'utf8'));
  const status = readFileSync(join(folder, String(child.pid), 'status'), 'utf8');
  child.stdin.end();
  assert.deepEqual(await exit, [0, null]);
  return { ...JSON.parse(String(value)), status, all };
}

const skip = process.getuid?.() === 0 ? false : 'needs root: others have nothing to give up';

describe('confinement', { skip }, () => {
  it('keeps what is needed after the start, and no way to gain more', async () => {
    const { status } = await confined();
    const permitted = linuxCapabilitySet(status, 'CapPrm');
    assert.equal(permitted & ~(CAP_SYS_PTRACE | CAP_DAC_READ_SEARCH | CAP_BPF), 0n);
    assert.equal(permitted & CAP_SYS_PTRACE, CAP_SYS_PTRACE);
    assert.equal(linuxCapabilitySet(status, 'CapEff'), permitted);
    assert.match(status, /^CapInh:\s*0+$/m);
    assert.match(status, /^NoNewPrivs:\s*1$/m);
  });

  it('reports how many threads have more, as the kernel sees it', async () => {
    const { status, all, unconfinedThreads } = await confined();
    const allowed = linuxCapabilitySet(status, 'CapPrm');
    const beyond = all.filter(thread => (linuxCapabilitySet(thread, 'CapPrm') & ~allowed) !== 0n);
    assert.equal(unconfinedThreads, beyond.length);
  });

  it("keeps the right to write into another user's folder where it has to, and only there", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'memwarden-'));
    try {
      const own = await confined(folder);
      assert.equal(linuxCapabilitySet(own.status, 'CapPrm') & CAP_DAC_OVERRIDE, 0n);
      chownSync(folder, ORDINARY_USER, ORDINARY_USER);
      const others = await confined(folder);
      assert.equal(linuxCapabilitySet(others.status, 'CapPrm') & CAP_DAC_OVERRIDE, CAP_DAC_OVERRIDE);
      assert.ok(others.kept.includes('CAP_DAC_OVERRIDE'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
