/** What `run`, `tail` and `record` run until a signal. */
export interface Service {
  /** Hook in use per capability, for example `file_open` → `lsm`. */
  readonly hooks: ReadonlyMap<string, string>;
  /** Reads the exceptions again; a broken file leaves the old rules in force. */
  reload(): void | Promise<void>;
  /**
   * Stops the capture, then flushes, within some seconds.
   * @returns whether every record was written, accepted by the collector, or spooled
   */
  stop(): Promise<boolean>;
}
