import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildReadable } from '../../unit/telemetry/readable-builder.ts';
import { plainObject } from '../plain-value.ts';
import { whyNoCollector } from '../requirements.ts';
import { KubernetesApi } from './kubernetes-api.ts';
import { Pipeline } from './pipeline.ts';

const ACTOR = {
  uid: '6a1b0c9e-0000-4000-8000-00000000000a',
  name: 'ci-7f',
  namespace: 'build',
  deployment: 'ci',
};
const TARGET = {
  uid: '6a1b0c9e-0000-4000-8000-00000000000b',
  name: 'vault-3c',
  namespace: 'secrets',
  deployment: 'vault',
};

describe('the Kubernetes pipeline', { skip: await whyNoCollector() }, () => {
  test('adds the pods of both processes to each record', async () => {
    await using api = await KubernetesApi.start([ACTOR, TARGET]);
    await using pipeline = await Pipeline.prepare(['base', 'kubernetes'], {
      K8S_AUTH_TYPE: 'kubeConfig',
      KUBECONFIG: api.kubeconfigPath,
    });
    await pipeline.start();

    const across = buildReadable({
      actorDetails: { podUid: ACTOR.uid },
      targetDetails: { podUid: TARGET.uid },
    });
    const outside = buildReadable({ actorDetails: {}, targetDetails: { podUid: ACTOR.uid } });
    const neither = buildReadable({ actorDetails: {}, targetDetails: {} });
    await pipeline.send(across, outside, neither);

    const received = await pipeline.written(3);
    const pods = received.map(({ attributes }) => {
      const all = Object.entries(plainObject(attributes));
      return Object.fromEntries(all.filter(([name]) => name.includes('k8s.')));
    });
    const named = (prefix: string, pod: typeof ACTOR) => ({
      [`${prefix}k8s.pod.uid`]: pod.uid,
      [`${prefix}k8s.pod.name`]: pod.name,
      [`${prefix}k8s.namespace.name`]: pod.namespace,
      [`${prefix}k8s.deployment.name`]: pod.deployment,
    });
    const target = 'memwarden.target.';
    const expected = [{ ...named('', ACTOR), ...named(target, TARGET) }, named(target, ACTOR), {}];
    assert.deepEqual(new Set(pods.map(sorted)), new Set(expected.map(sorted)));
    for (const { resource } of received) {
      assert.deepEqual(
        [...resource.keys()].filter(name => name.includes('pod')),
        [],
        'nothing stays in the Resource',
      );
    }
  });
});

function sorted(values: object): string {
  return JSON.stringify(Object.entries(values).sort());
}
