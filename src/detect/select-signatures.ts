import { MemwardenError } from '../errors.ts';
import type { EventSet, Signature } from './detection.ts';
import { SIGNATURES } from './signatures/index.ts';

const SETS: readonly EventSet[] = ['signatures', 'default', 'base'];

/**
 * The signatures that a list of event names and set names selects, in the order of the catalogue.
 *
 * @throws {MemwardenError} CONFIG_INVALID when a name is neither an event nor a set, or nothing is selected.
 */
export function selectSignatures(names: readonly string[]): readonly Signature[] {
  const known = new Set<string>([...SIGNATURES.map(({ definition }) => definition.eventName), ...SETS]);
  const unknown = names.filter(name => !known.has(name));
  if (unknown.length > 0 || names.length === 0) {
    const cause = names.length === 0 ? 'none is named' : `there is no ${unknown.join(', no ')}`;
    throw new MemwardenError(
      'CONFIG_INVALID',
      `failed to select events: ${cause}`,
      `one or more of ${[...known].join(', ')}`,
    );
  }
  const wanted = new Set(names);
  return SIGNATURES.filter(
    ({ definition }) => wanted.has(definition.eventName) || definition.sets.some(set => wanted.has(set)),
  );
}
