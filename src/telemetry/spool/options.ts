/** The durable store of what the collector has not accepted yet. */
export interface SpoolOptions {
  /** Directory of the spool, created with mode 0700. Only one running sidecar may use it. */
  readonly directory: string;
  /** Most bytes of undelivered records; beyond it the oldest of the lowest severity are evicted first, and counted. */
  readonly maxBytes: number;
  /** Longest time that an undelivered record stays in the spool, milliseconds. */
  readonly maxAgeMillis: number;
  /** Most bytes of refused records for `memwarden spool inspect`; beyond it the oldest are deleted first. */
  readonly maxRefusedBytes: number;
}

/** Defaults of the settings above; the directory is systemd's StateDirectory of the service. */
export const SPOOL_DEFAULTS = {
  directory: '/var/lib/memwarden/spool',
  maxBytes: 512 * 1024 * 1024,
  maxAgeMillis: 72 * 60 * 60 * 1_000,
  maxRefusedBytes: 16 * 1024 * 1024,
} as const satisfies SpoolOptions;
