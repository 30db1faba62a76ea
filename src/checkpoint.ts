/**
 * What a stage must know again after a restart, by name. A change to it is kept together with the records of the same
 * round, in one transaction, so that neither is ever without the other; null forgets a name.
 */
export type Checkpoint = ReadonlyMap<string, Uint8Array>;
export type CheckpointChanges = ReadonlyMap<string, Uint8Array | null>;
