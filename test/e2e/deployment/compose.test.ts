import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { whyNoCompose } from './engine.ts';

const ROOT = new URL('../../../', import.meta.url);

interface Service {
  readonly image?: string;
  readonly profiles?: readonly string[];
  readonly privileged?: boolean;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
}

const { services }: { readonly services: Readonly<Record<string, Service>> } = parse(
  readFileSync(new URL('docker-compose.yml', ROOT), 'utf8'),
  { merge: true },
);

/** Third-party images, which need other rights. */
const BACKENDS = ['elasticsearch', 'kibana', 'splunk'];

describe('docker-compose.yml', () => {
  test('gives memwarden three capabilities and no privilege', () => {
    const { memwarden } = services;
    assert.deepEqual(memwarden?.cap_add, ['BPF', 'PERFMON', 'SYS_PTRACE']);
  });

  for (const [name, service] of Object.entries(services).filter(([name]) => !BACKENDS.includes(name))) {
    test(`confines ${name}`, () => {
      assert.deepEqual(service.cap_drop, ['ALL']);
      assert.deepEqual(service.security_opt, ['no-new-privileges:true']);
      assert.equal(service.read_only, true);
      assert.equal(service.privileged, undefined);
    });
  }

  test('publishes ports on the loopback interface only', () => {
    const ports = Object.values(services).flatMap(service => service.ports ?? []);
    assert.deepEqual(
      ports.filter(port => !port.startsWith('127.0.0.1:')),
      [],
    );
  });

  test('starts no backend by default', () => {
    for (const backend of BACKENDS) assert.equal(services[backend]?.profiles?.length, 1, backend);
  });

  test('names a fixed version of every third-party image', () => {
    const images = Object.values(services).flatMap(({ image }) => (image === 'memwarden' ? [] : [image]));
    for (const image of images) assert.match(image ?? '', /:\d+\.\d+\.\d+$/);
  });

  test('mounts folders of the repository, and only the machine id and the BPF file system of the host', () => {
    const sources = Object.values(services)
      .flatMap(service => service.volumes ?? [])
      .map(volume => volume.split(':')[0] ?? '');
    for (const source of sources.filter(path => path.startsWith('./'))) {
      assert.ok(existsSync(fileURLToPath(new URL(source, ROOT))), source);
    }
    const host = new Set(sources.filter(path => path.startsWith('/')));
    assert.deepEqual(host, new Set(['/etc/machine-id', '/sys/fs/bpf']));
  });

  for (const profile of ['', 'elastic', 'splunk']) {
    test(`is valid with ${profile === '' ? 'no profile' : `the profile ${profile}`}`, {
      skip: whyNoCompose(),
    }, () => {
      execFileSync('docker', ['compose', 'config', '--quiet'], {
        cwd: fileURLToPath(ROOT),
        env: { ...process.env, COMPOSE_PROFILES: profile },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const pipeline = new URL(`config/collector/${profile || 'debug'}.yaml`, ROOT);
      assert.ok(existsSync(fileURLToPath(pipeline)), 'the pipeline file that the profile names is there');
    });
  }
});
