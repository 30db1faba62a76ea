/** What a command runs until a signal ends it. */
export interface Service {
  /** Hook in use per capability, for example `file_open` → `lsm`. */
  readonly hooks: ReadonlyMap<string, string>;
  /** Reads the exceptions again; a broken file leaves the old rules in force. */
  reload(): void | Promise<void>;
  /**
   * Ends the capture, then flushes, within some seconds.
   * @returns whether every record is with its reader, with the collector, or in the spool
   */
  stop(): Promise<boolean>;
}
