/** A value that one source assigns to one setting, not yet checked. */
export interface Assignment {
  /** Dotted key as it was written; may name no setting at all. */
  readonly key: string;
  /** Text from environment and flags, a YAML value from the file. */
  readonly value: unknown;
  /** Where it was assigned: `memwarden.yaml:3:5`, `OTEL_LOGS_EXPORTER`, `--exporter`. */
  readonly origin: string;
}
