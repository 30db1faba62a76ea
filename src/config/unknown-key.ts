import type { Assignment } from './assignment.ts';
import { ENVIRONMENT, environmentNames } from './environment-source.ts';
import type { Problem } from './problem.ts';
import { groups, settings } from './schema.ts';
import { suggestion } from './suggestion.ts';

/** The problem for a key that names no setting, with a suggestion and with the names of its group. */
export function unknownKey({ key, origin }: Assignment): Problem {
  if (origin === ENVIRONMENT) {
    return { key, origin, message: `no such variable${meant(suggestion(key, environmentNames()))}` };
  }
  const members = groups.get(key);
  if (members !== undefined) {
    return { key, origin, message: `is a group of settings, not a value; in it: ${members.join(', ')}` };
  }
  const group = nearestGroup(key);
  const siblings = groups.get(group) ?? [];
  const name = key.slice(group === '' ? 0 : group.length + 1);
  const sibling = suggestion(name, siblings);
  const near = sibling === undefined ? elsewhere(key) : group === '' ? sibling : `${group}.${sibling}`;
  const place = group === '' ? 'at the top' : `in ${group}`;
  return { key, origin, message: `no such setting${meant(near)}; allowed ${place}: ${siblings.join(', ')}` };
}

function meant(near: string | undefined): string {
  return near === undefined ? '' : `; did you mean ${near}?`;
}

/** The longest group that contains the key; `` is the top. */
function nearestGroup(key: string): string {
  for (let dot = key.lastIndexOf('.'); dot > 0; dot = key.lastIndexOf('.', dot - 1)) {
    if (groups.has(key.slice(0, dot))) return key.slice(0, dot);
  }
  return '';
}

/** A setting of the same last name in another group (`endpoint` for `telemetry.otlp.endpoint`), else a similar key. */
function elsewhere(key: string): string | undefined {
  const last = key.slice(key.lastIndexOf('.') + 1);
  const byName = [...settings.keys()].find(other => other.endsWith(`.${last}`));
  return byName ?? suggestion(key, settings.keys());
}
