import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { containerOfCgroupFile, containerOfCgroupPath } from '../../../src/enrich/container.ts';

const ID = '4f9a1c0e'.repeat(8);
const INNER = '77e3d2b1'.repeat(8);
const POD = '6d1f3a52-0c4e-4b7d-9a36-1f2e3d4c5b6a';
const POD_SYSTEMD = POD.replaceAll('-', '_');
const STATIC_POD = '8d8d5a6b'.repeat(4);

const SHAPES: readonly (readonly [
  shape: string,
  path: string,
  containerId?: string | undefined,
  podUid?: string,
])[] = [
  ['docker, cgroupfs', `/docker/${ID}`, ID],
  ['docker, systemd', `/system.slice/docker-${ID}.scope`, ID],
  ['docker with a systemd inside', `/system.slice/docker-${ID}.scope/init.scope`, ID],
  ['docker in docker', `/docker/${ID}/docker/${INNER}`, INNER],
  ['containerd by nerdctl', `/system.slice/nerdctl-${ID}.scope`, ID],
  ['containerd by its own name', `/default/${ID}`, ID],
  [
    'Kubernetes with containerd, systemd',
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${POD_SYSTEMD}.slice/cri-containerd-${ID}.scope`,
    ID,
    POD,
  ],
  ['Kubernetes with containerd, cgroupfs', `/kubepods/besteffort/pod${POD}/${ID}`, ID, POD],
  ['a guaranteed pod, cgroupfs', `/kubepods/pod${POD}/${ID}`, ID, POD],
  [
    'containerd with a cgroupfs driver on systemd paths',
    `/system.slice/containerd.service/kubepods-besteffort-pod${POD_SYSTEMD}.slice:cri-containerd:${ID}`,
    ID,
    POD,
  ],
  [
    'Kubernetes with CRI-O, systemd',
    `/kubepods.slice/kubepods-pod${POD_SYSTEMD}.slice/crio-${ID}.scope/container`,
    ID,
    POD,
  ],
  ['Kubernetes with CRI-O, cgroupfs', `/kubepods/burstable/pod${POD}/crio-${ID}`, ID, POD],
  [
    'Kubernetes in a container (kind)',
    `/docker/${ID}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${POD_SYSTEMD}.slice/cri-containerd-${INNER}.scope`,
    INNER,
    POD,
  ],
  [
    'a static pod',
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${STATIC_POD}.slice/cri-containerd-${ID}.scope`,
    ID,
    STATIC_POD,
  ],
  ['podman, systemd', `/machine.slice/libpod-${ID}.scope`, ID],
  ['podman, cgroupfs', `/libpod_parent/libpod-${ID}`, ID],
  [
    'podman without root',
    `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope/container`,
    ID,
  ],
  ['a path seen from another cgroup namespace', `/../cri-containerd-${ID}.scope`, ID],
  ['Amazon ECS', `/ecs/0123456789abcdef/${ID}`, ID],
  ['the monitor of a container, which is no container', `/machine.slice/libpod-conmon-${ID}.scope`],
  [
    'the monitor of CRI-O',
    `/kubepods.slice/kubepods-pod${POD_SYSTEMD}.slice/crio-conmon-${ID}.scope`,
    undefined,
    POD,
  ],
  ['the pod itself', `/kubepods/burstable/pod${POD}`, undefined, POD],
  ['a podman pod itself', `/machine.slice/libpod_pod_${ID}.slice`],
  ['a session of a host', '/user.slice/user-1000.slice/session-1.scope'],
  ['the root', '/'],
  ['nothing', ''],
  ['an id that is too short', `/docker/${ID.slice(1)}`],
  ['an id that is too long', `/docker/${ID}a`],
  ['an id in capitals', `/docker/${ID.toUpperCase()}`],
  ['a pod uid with both separators', `/kubepods/pod${POD.replace('-', '_')}/x`],
  ['hostile bytes', `/\u0000\n${'a'.repeat(4096)}/pod/..//docker-.scope`],
];

describe('a cgroup path names', () => {
  for (const [shape, path, containerId, podUid] of SHAPES) {
    test(shape, () => {
      assert.deepEqual(containerOfCgroupPath(path), {
        ...(containerId === undefined ? {} : { containerId }),
        ...(podUid === undefined ? {} : { podUid }),
      });
    });
  }
});

describe('a cgroup file names', () => {
  test('the container on cgroup v2', () => {
    assert.deepEqual(containerOfCgroupFile(`0::/system.slice/docker-${ID}.scope\n`), { containerId: ID });
  });

  test('the container on cgroup v1, in any hierarchy', () => {
    const text = `12:devices:/user.slice\n11:cpu,cpuacct:/kubepods/burstable/pod${POD}/${ID}\n1:name=systemd:/x\n`;
    assert.deepEqual(containerOfCgroupFile(text), { containerId: ID, podUid: POD });
  });

  test('the container on a hybrid host, where v2 does not know it', () => {
    const text = `1:name=systemd:/docker/${ID}\n0::/system.slice/containerd.service\n`;
    assert.deepEqual(containerOfCgroupFile(text), { containerId: ID });
  });

  test('the container behind colons in the path', () => {
    const text = `4:memory:/system.slice/kubepods-pod${POD_SYSTEMD}.slice:cri-containerd:${ID}`;
    assert.deepEqual(containerOfCgroupFile(text), { containerId: ID, podUid: POD });
  });

  test('nothing when it is empty or has another form', () => {
    assert.deepEqual(containerOfCgroupFile(''), {});
    assert.deepEqual(containerOfCgroupFile('what\n0:\n::::\n'), {});
  });
});
