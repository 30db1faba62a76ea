/**
 * Regression: SIGUSR1 from uid 0 without capabilities, in the sidecar's pid namespace, opened Node.js's inspector: code
 * execution with the sidecar's capabilities. Fifty other signals ended it without a flush.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildAttacks } from './attack.ts';
import { whyNotLive } from './requirements.ts';
import { Sidecar } from './sidecar.ts';

const LAUNCHER = fileURLToPath(new URL('../../src/launcher/memwarden', import.meta.url));

/**
 * Signals that end or stop a process, as in the help of `run`. SIGCONT and SIGCHLD are among the others, since they have no
 * effect.
 */
const MEANT = [
  ...['HUP', 'INT', 'QUIT', 'TERM', 'KILL'],
  ...['SEGV', 'BUS', 'FPE', 'ILL', 'SYS', 'ABRT'],
  ...['STOP', 'TSTP', 'TTIN', 'TTOU'],
];
/** Signals that the C library reserves: its functions refuse to send them. */
const RESERVED = [32, 33];

function nameOf(number: number): string | undefined {
  const names = Object.entries(constants.signals).find(([, value]) => value === number);
  return names?.[0].replace('SIG', '');
}

/** Sends a signal as an attacker without capabilities. */
async function send(signals: readonly (string | number)[], pid: number): Promise<void> {
  const script = 'pid=$1; shift; for signal; do kill "-$signal" "$pid" || exit; done';
  const confined = ['--bounding-set=-all', '--inh-caps=-all', 'sh', '-c', script, 'send'];
  const sender = spawn('setpriv', [...confined, `${pid}`, ...signals.map(String)], { stdio: 'inherit' });
  assert.deepEqual(await once(sender, 'exit'), [0, null]);
}

/** The TCP ports on which a process listens. */
function listeners(pid: number): string[] {
  return ['tcp', 'tcp6'].flatMap(table =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .filter(line => / 0A /.test(line))
      .map(line => line.trim().split(/\s+/)[1] ?? ''),
  );
}

suite('signals', { skip: whyNotLive() }, () => {
  test('without a documented meaning are ignored: no inspector, no end, the capture goes on', async () => {
    buildAttacks();
    const sidecar = await Sidecar.start({}, [], [LAUNCHER]);
    try {
      const { pid } = sidecar;
      assert.ok(pid !== undefined);
      const before = listeners(pid);
      const all = Array.from({ length: 64 }, (_, index) => index + 1);
      const meant = (number: number) => MEANT.includes(nameOf(number) ?? '') || RESERVED.includes(number);
      await send(
        all.filter(number => !meant(number)),
        pid,
      );
      await sidecar.fence();

      assert.doesNotMatch(sidecar.diagnostics, /Debugger|inspect/i);
      // other processes of the machine may close their ports meanwhile
      const opened = listeners(pid).filter(address => !before.includes(address) && address.endsWith(':240D'));
      assert.deepEqual(opened, []);
    } finally {
      assert.equal(await sidecar.stop(), 0);
    }
  });

  test('SIGQUIT stops it in order, without a core dump', async () => {
    const sidecar = await Sidecar.start({}, [], [LAUNCHER]);
    const { pid } = sidecar;
    assert.ok(pid !== undefined);
    await send(['QUIT'], pid);
    await sidecar.says(/stopping: SIGQUIT/);
    assert.equal(await sidecar.ended(), 0);
  });

  test('SIGUSR1 sent without a pause from the first moment on opens no inspector', async () => {
    for (let round = 0; round < 3; round++) {
      const { status, errors, sent } = await bombarded([LAUNCHER, 'signatures']);
      assert.ok(sent > 0, 'no signal was sent while Node.js started');
      assert.doesNotMatch(errors, /Debugger|inspect/i);
      assert.deepEqual(status, [0, null], errors);
    }
  });
});

/** Sends the signal from the moment the process executes Node.js with memwarden until its end. */
async function bombarded([program = '', ...words]: readonly string[]) {
  const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  let sent = 0;
  let status: unknown[] | undefined;
  child.once('close', (...how: unknown[]) => {
    status = how;
  });
  let isNode = false;
  while (status === undefined) {
    isNode ||= runsMain(Number(child.pid));
    if (isNode) {
      try {
        process.kill(Number(child.pid), 'SIGUSR1');
        sent++;
      } catch (error) {
        // it has ended
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    await new Promise(resolve => setImmediate(resolve));
  }
  return { status, errors, sent };
}

/** Whether a process is a Node.js with memwarden's main. */
function runsMain(pid: number): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words[0]?.endsWith('/node') === true && words.some(word => /cli\/main\.[jt]s$/.test(word));
  } catch (error) {
    // it has ended
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
    return false;
  }
}
