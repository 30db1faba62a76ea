/** The container that a cgroup path belongs to. */
export interface Container {
  /** 64 hex digits. */
  readonly containerId?: string;
  readonly podUid?: string;
}

/**
 * Container runtimes name the cgroup of a container by its id: alone (cgroupfs driver: `/docker/<id>`,
 * `/kubepods/burstable/pod<uid>/<id>`), with a prefix and `.scope` (systemd driver: `docker-<id>.scope`,
 * `cri-containerd-<id>.scope`, `crio-<id>.scope`, `libpod-<id>.scope`), or behind a colon (containerd's cgroupfs driver
 * on a systemd path: `kubepods-…-pod<uid>.slice:cri-containerd:<id>`).
 */
const CONTAINER = /(?:^|[-:])([0-9a-f]{64})(?:\.scope)?$/;

/** `crio-conmon-<id>.scope`, `libpod-conmon-<id>.scope`: the monitor beside a container, not the container. */
const MONITOR = /(?:^|-)conmon-[0-9a-f]{64}(?:\.scope)?$/;

/**
 * `pod<uid>` alone (cgroupfs driver) or at the end of `kubepods-burstable-pod<uid>.slice` (systemd driver, where
 * every `-` of the uid is `_`). A static pod's uid is a hash without either.
 */
const POD =
  /(?:^|-)pod([0-9a-f]{8}([-_])[0-9a-f]{4}\2[0-9a-f]{4}\2[0-9a-f]{4}\2[0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?(?::|$)/;

const NONE: Container = {};

/** The innermost container, and its pod, that a path in a cgroup hierarchy names; `{}` for a path of no known shape. */
export function containerOfCgroupPath(path: string): Container {
  // Most processes of a host are in a service or a session, whose paths are shorter than any id: no search.
  if (path.length < 32) return NONE;
  let containerId: string | undefined;
  let podUid: string | undefined;
  for (const segment of path.split('/').reverse()) {
    if (containerId === undefined && !MONITOR.test(segment)) containerId = CONTAINER.exec(segment)?.[1];
    podUid ??= POD.exec(segment)?.[1]?.replaceAll('_', '-');
  }
  if (containerId === undefined && podUid === undefined) return NONE;
  return {
    ...(containerId === undefined ? {} : { containerId }),
    ...(podUid === undefined ? {} : { podUid }),
  };
}

/**
 * The same for a whole `/proc/<pid>/cgroup`: one line per hierarchy on cgroup v1, `0::<path>` on v2, both on a hybrid
 * host, where only some of the hierarchies name the container.
 */
export function containerOfCgroupFile(text: string): Container {
  let best = NONE;
  for (const line of text.split('\n')) {
    // hierarchy id, controllers, path; the path itself may hold colons (cgroups(7))
    const path = /^\d+:[^:]*:(.*)$/.exec(line)?.[1];
    if (path === undefined) continue;
    const container = containerOfCgroupPath(path);
    if (container.containerId !== undefined) return container;
    if (best === NONE) best = container;
  }
  return best;
}
