import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { linuxCapabilitySet } from '../../../src/service/linux-capabilities.ts';
import { buildAttacks } from '../../live/attack.ts';
import { attack } from '../attack.ts';
import { Container, IMAGE } from './container.ts';
import { whyNoImage } from './engine.ts';

/** Bits of capabilities(7) in /proc/<pid>/status. */
const CAP_SYS_PTRACE = 1n << 19n;
const CAP_BPF = 1n << 39n;

describe('the image', { skip: whyNoImage(IMAGE, `docker build --tag ${IMAGE} .`) }, () => {
  before(() => buildAttacks());

  test('has no shell, no compiler and no package manager, and names the packages of its libraries', () => {
    const container = execFileSync('docker', ['create', IMAGE], { encoding: 'utf8' }).trim();
    try {
      const tar = execFileSync('docker', ['export', container], { maxBuffer: 1 << 30 });
      const names = execFileSync('tar', ['-t'], { input: tar, encoding: 'utf8', maxBuffer: 1 << 26 }).split(
        '\n',
      );
      const tools = names.filter(name =>
        /(^|\/)(s?bin)\/(sh|bash|dash|busybox|cc|gcc|clang|apt|dpkg|npm|npx)$/.test(name),
      );
      assert.deepEqual(tools, []);
      for (const name of ['libbpf1', 'libcap2']) assert.ok(names.includes(`var/lib/dpkg/status.d/${name}`));
    } finally {
      execFileSync('docker', ['rm', container], { stdio: 'ignore' });
    }
  });

  test('reports an access on the host with three capabilities, a read-only root and no new privileges', async () => {
    await using container = new Container(['BPF', 'PERFMON', 'SYS_PTRACE']);
    await container.ready();

    const status = readFileSync(`/proc/${container.pid}/status`, 'utf8');
    assert.match(status, /^NoNewPrivs:\s*1$/m);
    assert.match(status, /^Seccomp:\s*2$/m);

    const act = await attack('open_mem');
    const { eventName, attributes } = await container.recordOf(act.actor_pid);
    assert.equal(eventName, 'proc_mem_access');
    assert.equal(attributes['target_pid'], act.target_pid);
    assert.equal(attributes['process.executable.path'], act.executable);
  });

  test('keeps no capability but SYS_PTRACE once it is ready, on any of its threads', async () => {
    await using container = new Container(['BPF', 'PERFMON', 'SYS_PTRACE']);
    await container.ready();

    const threads = readdirSync(`/proc/${container.pid}/task`);
    assert.ok(threads.length > 5, 'Node.js has many');
    // before Linux 5.19 the kernel requires CAP_BPF for each read of the counters
    const allowed = container.diagnostics.includes('CAP_BPF') ? CAP_SYS_PTRACE | CAP_BPF : CAP_SYS_PTRACE;
    for (const thread of threads) {
      const status = readFileSync(`/proc/${container.pid}/task/${thread}/status`, 'utf8');
      assert.equal(linuxCapabilitySet(status, 'CapPrm'), allowed, status);
    }
  });

  test('is healthy by its own health check, with a read-only root and no network', async () => {
    await using container = new Container(['BPF', 'PERFMON', 'SYS_PTRACE']);
    assert.equal(await container.healthStatus(), 'healthy');
  });

  test('needs SYS_PTRACE for working directories and stolen descriptors, and for nothing else', async () => {
    for (const [capabilities, directory, isDescriptorHooked] of [
      [['BPF', 'PERFMON', 'SYS_PTRACE'], '/', true],
      // the default seccomp profile allows pidfd_getfd(2), which the canary of a hook uses, only with SYS_PTRACE
      [['BPF', 'PERFMON'], undefined, false],
    ] as const) {
      await using container = new Container(capabilities);
      await container.ready();

      // the working directory can be read only while the process exists
      const shell = spawn('sh', ['-c', 'exec 3</proc/self/mem; read line'], {
        cwd: '/',
        stdio: ['pipe', 'ignore', 'inherit'],
      });
      try {
        const { eventName, attributes } = await container.recordOf(Number(shell.pid));
        assert.equal(eventName, 'proc_mem_access');
        assert.equal(attributes['target_pid'], shell.pid);
        assert.equal(attributes['process.working_directory'], directory);
        assert.match(container.diagnostics, /ready file_open=\w+ ptrace=/);
        assert.equal(/ready .*descriptor=/.test(container.diagnostics), isDescriptorHooked);
      } finally {
        shell.stdin.end();
        await once(shell, 'exit');
      }
    }
  });

  for (const missing of ['BPF', 'PERFMON']) {
    test(`does not start without ${missing}, and names it`, async () => {
      const capabilities = ['BPF', 'PERFMON', 'SYS_PTRACE'].filter(name => name !== missing);
      await using container = new Container(capabilities);

      assert.equal(await container.exit(), 3);
      assert.match(container.diagnostics, new RegExp(`missing CAP_${missing} `));
    });
  }
});
