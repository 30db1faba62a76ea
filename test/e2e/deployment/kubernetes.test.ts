import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { settings } from '../../../src/config/schema.ts';
import { ensureKubernetesValidate } from './ensure-kubernetes-validate.ts';

const FOLDER = fileURLToPath(new URL('../../../config/kubernetes/', import.meta.url));

interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string }[];
  readonly securityContext?: {
    readonly privileged?: boolean;
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
    readonly seccompProfile?: { readonly type?: string };
  };
  readonly resources?: { readonly limits?: { readonly memory?: string } };
  readonly livenessProbe?: object;
}

interface PodSpec {
  readonly hostPID?: boolean;
  readonly hostNetwork?: boolean;
  readonly shareProcessNamespace?: boolean;
  readonly automountServiceAccountToken?: boolean;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: PodSpec & { readonly template?: { readonly spec: PodSpec } };
  readonly rules?: readonly { readonly verbs: readonly string[] }[];
}

const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.yaml') && !name.endsWith('kustomization.yaml'))
  .map(name => join(FOLDER, name));

const manifests = files.flatMap(path =>
  parseAllDocuments(readFileSync(path, 'utf8')).map(document => document.toJS() as Manifest),
);

function podsOf({ kind, spec }: Manifest): readonly PodSpec[] {
  const pod = kind === 'Pod' ? spec : spec?.template?.spec;
  return pod === undefined ? [] : [pod];
}

const pods = manifests.flatMap(podsOf);
const containers = pods.flatMap(pod => [...(pod.initContainers ?? []), ...pod.containers]);
const memwardens = containers.filter(({ name }) => name === 'memwarden');

/** Why the manifests cannot be validated, for `skip`. */
function whyNoSchemas(): string | false {
  try {
    ensureKubernetesValidate();
    return false;
  } catch (error) {
    return `needs python3 with pip for kubernetes-validate: ${error instanceof Error ? error.message : error}`;
  }
}

describe('the Kubernetes manifests', () => {
  test('are valid by the strict schemas of Kubernetes', { skip: whyNoSchemas() }, () => {
    const packages = ensureKubernetesValidate();
    const command = join(packages, 'bin', 'kubernetes-validate');
    const output = execFileSync('python3', [command, '--strict', ...files], {
      env: { ...process.env, PYTHONPATH: packages },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    assert.equal(output.match(/ passed for resource /g)?.length ?? 0, manifests.length);
  });

  test('run memwarden in two ways: on each node, and as a sidecar of an application', () => {
    assert.equal(memwardens.length, 2);
    assert.deepEqual(
      pods.map(({ hostPID, shareProcessNamespace }) => [hostPID, shareProcessNamespace]).sort(),
      [
        [true, undefined],
        [undefined, true],
        [undefined, undefined],
      ].sort(),
    );
  });

  test('give memwarden three capabilities and no privilege', () => {
    for (const { securityContext } of memwardens) {
      assert.equal(securityContext?.privileged, false);
      assert.deepEqual(securityContext?.capabilities?.add, ['BPF', 'PERFMON', 'SYS_PTRACE']);
      assert.equal(securityContext?.readOnlyRootFilesystem, true);
      assert.equal(securityContext?.seccompProfile?.type, 'RuntimeDefault');
    }
  });

  test('let no container gain rights or use unlimited memory', () => {
    for (const { name, securityContext, resources } of containers) {
      assert.equal(securityContext?.allowPrivilegeEscalation, false, name);
      assert.deepEqual(securityContext?.capabilities?.drop, ['ALL'], name);
      assert.ok(resources?.limits?.memory, name);
    }
    for (const { hostNetwork } of pods) assert.equal(hostNetwork, undefined);
  });

  test('set only variables that memwarden reads', () => {
    const known = new Set([...settings.values()].flatMap(({ env }) => env));
    for (const { env = [] } of memwardens) {
      for (const { name } of env) assert.ok(known.has(name), `${name} is a setting`);
    }
  });

  test('let the Collector read the cluster but change nothing', () => {
    const verbs = manifests.flatMap(({ rules = [] }) => rules.flatMap(rule => rule.verbs));
    assert.deepEqual(new Set(verbs), new Set(['get', 'list', 'watch']));
  });
});
