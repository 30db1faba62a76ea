import type { CapturedEvent } from '../capture/event.ts';

/** What user space adds to one side of an access. A field is absent when the process was already gone, or is unknown. */
export interface ProcessDetails {
  /** Arguments joined by spaces, with secrets redacted unless that is switched off. */
  readonly commandLine?: string;
  readonly workingDirectory?: string;
  /** Login name of the effective user id. */
  readonly userName?: string;
  /** 64 hex digits of the container, from the cgroup path. */
  readonly containerId?: string;
  /** Kubernetes pod uid, from the cgroup path. */
  readonly podUid?: string;
}

export interface EnrichedEvent extends CapturedEvent {
  /** When the sidecar read it: ns since the Unix epoch. */
  readonly observedTimeUnixNs: bigint;
  /** When it happened, on the wall clock: ns since the Unix epoch (boot clock + boot-to-wall offset). */
  readonly timeUnixNs: bigint;
  readonly actorDetails: ProcessDetails;
  readonly targetDetails: ProcessDetails;
  /** Actor and target are in different containers, or only one of them is in one; undefined without a target. */
  readonly crossContainer: boolean | undefined;
}
