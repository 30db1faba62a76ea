import { SIGNATURES } from '../detect/signatures/index.ts';
import { type Format, list } from './format.ts';

/** Accepted spellings → the name of the event or set. */
const NAMES = new Map<string, string>();
for (const { definition } of SIGNATURES) {
  NAMES.set(definition.eventName, definition.eventName);
  if (definition.id !== undefined) NAMES.set(definition.id, definition.eventName);
  for (const set of definition.sets) NAMES.set(set, set);
}

/** Names of events and sets; an id selects its event. */
export const eventSelection: Format<readonly string[]> = {
  name: 'list of events',
  allowed: `a list of ${[...NAMES.keys()].join(', ')}`,
  choices: [...NAMES.keys()],
  parse: value => {
    const written = list.parse(value) ?? [];
    const names = written.map(entry => NAMES.get(entry));
    const known = names.filter(name => name !== undefined);
    return known.length > 0 && known.length === names.length ? known : undefined;
  },
};
