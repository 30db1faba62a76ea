/**
 * State that a stage must have again after a restart, as named entries. The spool writes a change in the transaction that
 * holds the records of the same round, so the disk never has one without the other. The value null deletes an entry.
 */
export type Checkpoint = ReadonlyMap<string, Uint8Array>;
export type CheckpointChanges = ReadonlyMap<string, Uint8Array | null>;
