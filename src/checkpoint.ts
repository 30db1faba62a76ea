/**
 * What a stage must know again after a restart, by name. A change to it is kept together with the records of the same
 * round, in one transaction, so that neither is ever without the other; null forgets a name.
 */
export type Notes = ReadonlyMap<string, Uint8Array>;
export type NoteChanges = ReadonlyMap<string, Uint8Array | null>;
