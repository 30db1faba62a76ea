import type { Assignment } from './assignment.ts';
import { settings } from './schema.ts';

/** Names the configuration file itself. */
export const CONFIG_FILE_VARIABLE = 'MEMWARDEN_CONFIG';

/**
 * Kubernetes announces every Service of the namespace to every container: a Service called `memwarden` brings
 * MEMWARDEN_SERVICE_HOST, MEMWARDEN_PORT_9464_TCP_ADDR and more. They are no typing errors.
 */
const SERVICE_LINK = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;

/** A variable that Kubernetes made for a Service, and not a person. */
export function isServiceLink(name: string): boolean {
  return SERVICE_LINK.test(name);
}

/** Origin of a variable that names no setting. */
export const ENVIRONMENT = 'environment';

/** Left to the project's own tests. */
const TEST_PREFIX = 'MEMWARDEN_TEST_';

/**
 * What the environment assigns. An empty variable counts as not set (OpenTelemetry specification, "Parsing empty value").
 * A variable of ours that names no setting is passed on under its own name, so that a typing error is told.
 */
export function assignmentsOfEnvironment(env: NodeJS.ProcessEnv): readonly Assignment[] {
  const found: Assignment[] = [];
  const known = new Set([CONFIG_FILE_VARIABLE]);
  for (const [key, { env: names }] of settings) {
    for (const name of names) known.add(name);
    const origin = names.find(name => env[name] !== undefined && env[name] !== '');
    if (origin !== undefined) found.push({ key, value: env[origin], origin });
  }
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('MEMWARDEN_') || known.has(name)) continue;
    if (!name.startsWith(TEST_PREFIX) && !isServiceLink(name)) {
      found.push({ key: name, value, origin: ENVIRONMENT });
    }
  }
  return found;
}

/** Every variable that is read, for "did you mean". */
export function environmentNames(): readonly string[] {
  return [CONFIG_FILE_VARIABLE, ...[...settings.values()].flatMap(({ env }) => env)];
}
