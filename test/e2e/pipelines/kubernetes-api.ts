import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, Backend } from '../backend.ts';

export interface Pod {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  /** Name of the Deployment that created the pod. */
  readonly deployment: string;
}

/** The ReplicaSet's part of a pod's name, after the name of the Deployment. */
const TEMPLATE_HASH = '5d4f8c7b9d';

/** The parts of a Kubernetes API server that the Collector uses: a list of pods, and watches without events. */
export class KubernetesApi implements AsyncDisposable {
  readonly #backend: Backend;
  readonly #folder: string;

  private constructor(backend: Backend, folder: string) {
    this.#backend = backend;
    this.#folder = folder;
  }

  static async start(pods: readonly Pod[]): Promise<KubernetesApi> {
    const backend = await Backend.start(answers(pods));
    const folder = await mkdtemp(join(tmpdir(), 'memwarden-kubernetes-'));
    const api = new KubernetesApi(backend, folder);
    await writeFile(
      api.kubeconfigPath,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'test', cluster: { server: backend.url } }],
        users: [{ name: 'test', user: {} }],
        contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
        'current-context': 'test',
      }),
    );
    return api;
  }

  get kubeconfigPath(): string {
    return join(this.#folder, 'kubeconfig');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backend[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true });
  }
}

function answers(pods: readonly Pod[]): Answer {
  return ({ path }, response) => {
    const url = new URL(path, 'http://localhost');
    response.setHeader('content-type', 'application/json');
    if (url.searchParams.has('sendInitialEvents')) {
      // client-go first requests the list as a stream, and falls back to a plain list if the server does not support that
      response.statusCode = 422;
      response.end(
        JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Invalid', code: 422 }),
      );
    } else if (url.searchParams.get('watch') !== null) {
      response.flushHeaders();
    } else {
      response.end(JSON.stringify(listOf(url.pathname, pods)));
    }
  };
}

function listOf(path: string, pods: readonly Pod[]) {
  const metadata = { resourceVersion: '1' };
  if (path === '/api/v1/pods') {
    return { kind: 'PodList', apiVersion: 'v1', metadata, items: pods.map(podOf) };
  }
  return { kind: 'List', apiVersion: 'v1', metadata, items: [] };
}

function podOf({ uid, name, namespace, deployment }: Pod, at: number) {
  return {
    metadata: {
      name,
      namespace,
      uid,
      labels: { 'pod-template-hash': TEMPLATE_HASH },
      creationTimestamp: '2026-01-01T00:00:00Z',
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `${deployment}-${TEMPLATE_HASH}`,
          uid: `set-${at}`,
          controller: true,
        },
      ],
    },
    spec: { nodeName: 'node-1' },
    status: { phase: 'Running', podIP: `10.0.0.${at + 1}`, startTime: '2026-01-01T00:00:00Z' },
  };
}
