import { dirname } from 'node:path';
import { inspectPinPlace, type PinPlace } from '../../capture/pinning/inspect.ts';
import type { Settings } from '../../config/index.ts';
import { CAP_SYS_ADMIN, linuxCapabilitySet } from '../../service/linux-capabilities.ts';
import { readOwnFile } from '../../service/own-file.ts';
import { type Check, failedCheck } from './check.ts';

const NAME = 'BPF file system';
const CONSEQUENCE = 'what happens while no sidecar runs will not be seen';

/** Whether `run` can pin its programs, and whether it would mount a BPF file system for them. Mounts nothing. */
export function pinsCheck({ capture, telemetry }: Settings): Check {
  if (telemetry.exporter !== 'otlp') return unused(`exporter is ${telemetry.exporter}`);
  if (!capture.pin) return unused('capture.pin is false');
  try {
    return pinPlaceCheck(capture.pinPath, inspectPinPlace(capture.pinPath), mayMount());
  } catch (error) {
    return failedCheck(NAME, error);
  }
}

/** @param mayMount whether this process has CAP_SYS_ADMIN, which mount(2) takes */
export function pinPlaceCheck(path: string, place: PinPlace, mayMount: boolean): Check {
  const mountPoint = dirname(path);
  switch (place.kind) {
    case 'ready': {
      const by = place.mountedByMemwarden ? ', mounted by memwarden' : '';
      const folder = place.hasFolder
        ? `memwarden has a folder in it, ${path}`
        : `nothing is pinned in ${path}`;
      return { name: NAME, status: 'ok', detail: `${mountPoint}${by}; ${folder}` };
    }
    case 'mountable': {
      const none = `there is none on ${mountPoint}`;
      if (mayMount) return { name: NAME, status: 'ok', detail: `${none}; memwarden run mounts one` };
      return warning(
        `${none}, and to mount one takes CAP_SYS_ADMIN`,
        `mount -t bpf -o mode=0700 bpf ${mountPoint}; in a container, mount the host's`,
      );
    }
    case 'unavailable':
      return warning(
        place.reason,
        place.advice ?? 'choose a capture.pinPath directly in a BPF file system; /sys/fs/bpf usually is one',
      );
  }
}

function unused(why: string): Check {
  return { name: NAME, status: 'ok', detail: `not used: ${why}` };
}

function warning(detail: string, advice: string): Check {
  return { name: NAME, status: 'warning', detail: `${detail}: ${CONSEQUENCE}`, advice };
}

function mayMount(): boolean {
  const effective = linuxCapabilitySet(readOwnFile('status'), 'CapEff');
  return ((effective >> CAP_SYS_ADMIN.bit) & 1n) === 1n;
}
