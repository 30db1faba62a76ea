import type { Assignment } from './assignment.ts';
import { settings } from './schema.ts';

/** Names the configuration file itself. */
export const CONFIG_FILE_VARIABLE = 'MEMWARDEN_CONFIG';

/**
 * Kubernetes announces every Service of the namespace to every container: a Service called `memwarden` brings
 * MEMWARDEN_SERVICE_HOST, MEMWARDEN_PORT_9464_TCP_ADDR and more. These must not be reported as unknown settings.
 */
const SERVICE_LINK = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;

/** Whether Kubernetes made the variable, for a Service. */
export function isServiceLink(name: string): boolean {
  return SERVICE_LINK.test(name);
}

/** Origin of a variable that names no setting. */
export const ENVIRONMENT = 'environment';

/** Variables of the project's own tests, which are no settings. */
const TEST_PREFIX = 'MEMWARDEN_TEST_';

/**
 * The assignments of the environment. An empty variable counts as not set (OpenTelemetry specification, "Parsing empty
 * value"). A MEMWARDEN_ variable that names no setting is assigned under its own name, so that it is reported as unknown.
 */
export function assignmentsOfEnvironment(env: NodeJS.ProcessEnv): readonly Assignment[] {
  const assignments: Assignment[] = [];
  const known = new Set([CONFIG_FILE_VARIABLE]);
  for (const [key, { env: names }] of settings) {
    for (const name of names) known.add(name);
    const origin = names.find(name => env[name] !== undefined && env[name] !== '');
    if (origin !== undefined) assignments.push({ key, value: env[origin], origin });
  }
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('MEMWARDEN_') || known.has(name)) continue;
    if (!name.startsWith(TEST_PREFIX) && !isServiceLink(name)) {
      assignments.push({ key: name, value, origin: ENVIRONMENT });
    }
  }
  return assignments;
}

/** Every variable that is read, for suggestions. */
export function environmentNames(): readonly string[] {
  return [CONFIG_FILE_VARIABLE, ...[...settings.values()].flatMap(({ env }) => env)];
}
