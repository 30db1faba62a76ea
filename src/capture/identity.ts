declare const CANONICAL: unique symbol;

/**
 * A description of a process that may be known by its object alone. Every {@link IdentityCache} rests on this contract:
 *
 * - An object never changes. All its fields are readonly, and whoever made it keeps no writable reference. A process that
 *   changes (execve, setuid, another parent) has another description, and so another object.
 * - Equal bytes give the same object: the decoder returns the one that it made of the same description before
 *   (ring/known-processes.ts). This is an optimisation and no promise. The decoder forgets old objects, and descriptions
 *   from a recording or from procfs are new objects each time; a cache then misses, and its answers stay right.
 *
 * So what is computed from the object alone can be kept with it, and needs no expiry. What also depends on something else
 * (procfs, the wall clock, another object) has to be compared by the user of the cache.
 */
export type Canonical<T extends object> = T & { readonly [CANONICAL]: true };

/** Declares an object canonical. The caller must be its maker, and must not change it from then on. */
export function canonical<T extends object>(description: T): Canonical<T> {
  return description as Canonical<T>;
}

/** What was computed from canonical objects; an entry lives as long as its object. */
export class IdentityCache<K extends Canonical<object>, V> extends WeakMap<K, V> {}
