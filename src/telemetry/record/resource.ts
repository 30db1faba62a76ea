import { randomUUID } from 'node:crypto';
import { arch, hostname, release } from 'node:os';
import { diag } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { MemwardenError } from '../../errors.ts';
import { readFile } from '../../files/read-file.ts';
import { maskUrls } from '../../printing/mask.ts';
import { withoutSecrets } from '../../printing/secrets.ts';
import type { ResourceOptions } from '../options.ts';
import { MEMWARDEN, OTEL } from './attributes.ts';
import { SCOPE } from './scope.ts';

const logger = diag.createComponentLogger({ namespace: 'telemetry' });

/** machine-id(5); the second is the file of D-Bus, for hosts without systemd. */
const MACHINE_ID_PATHS = ['/etc/machine-id', '/var/lib/dbus/machine-id'];

/** 32 hexadecimal digits (machine-id(5)), or a UUID on other systems; the word `uninitialized` before the first boot. */
const MACHINE_ID = /^[0-9a-f-]{32,36}$/i;
const MACHINE_ID_BYTES_MAX = 4096;

/** Node's name of an architecture → value of host.arch, where they differ. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: 'x86',
  arm: 'arm32',
  ppc: 'ppc32',
};

/**
 * The Resource of every record: this service on this host. It does not describe the sidecar's own process and container,
 * because a backend would take them for the actor's.
 *
 * @throws MemwardenError CONFIG_INVALID when `options.attributes` is not `key=value,…`.
 */
export function createResource(options: ResourceOptions): Resource {
  const { 'service.name': namedByAttributes, ...given } = parseResourceAttributes(options.attributes ?? '');
  return resourceFromAttributes({
    [OTEL.SERVICE_NAME]: options.serviceName ?? namedByAttributes ?? SCOPE.name,
    [OTEL.SERVICE_VERSION]: SCOPE.version,
    [OTEL.SERVICE_INSTANCE_ID]: randomUUID(),
    [OTEL.HOST_NAME]: hostname(),
    [OTEL.HOST_ARCH]: ARCHITECTURES[arch()] ?? arch(),
    [OTEL.OS_TYPE]: 'linux',
    [OTEL.OS_VERSION]: release(),
    ...known(OTEL.HOST_ID, readMachineId()),
    ...known(OTEL.K8S_NODE_NAME, options.nodeName),
    ...known(OTEL.K8S_CLUSTER_NAME, options.clusterName),
    ...given,
  });
}

/** Adds the hook per capability, for example `file_open=lsm,ptrace=lsm`; it is known only after the hooks are attached. */
export function withCaptureHook(resource: Resource, captureHook: string): Resource {
  return resource.merge(resourceFromAttributes({ [MEMWARDEN.CAPTURE_HOOK]: captureHook }));
}

/**
 * Parses `OTEL_RESOURCE_ATTRIBUTES`. The specification ("Resource SDK") says to discard an invalid value as a whole; here
 * it stops the start, so that the user notices the mistake.
 */
function parseResourceAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue;
    const equals = pair.indexOf('=');
    const key = decode(pair.slice(0, equals));
    if (equals < 0 || key === '') throw invalid(pair);
    if (key.startsWith('process.') || key.startsWith('container.')) {
      logger.warn(`resource attribute ${key} is ignored: it would be read as the actor's`);
      continue;
    }
    // sent with every record, so secrets such as the sidecar's own credentials are removed
    attributes[key] = withoutSecrets(maskUrls(decode(pair.slice(equals + 1))));
  }
  return attributes;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.trim());
  } catch (cause) {
    throw invalid(text, cause);
  }
}

function invalid(part: string, cause?: unknown): MemwardenError {
  return new MemwardenError(
    'CONFIG_INVALID',
    `failed to read the resource attributes: "${part.trim()}" is not key=value`,
    'set OTEL_RESOURCE_ATTRIBUTES to key=value pairs separated by commas, special characters percent-encoded',
    { cause },
  );
}

function readMachineId(): string | undefined {
  for (const path of MACHINE_ID_PATHS) {
    try {
      const { bytes } = readFile(path, { maxBytes: MACHINE_ID_BYTES_MAX, trusted: true });
      const id = bytes.toString('utf8').trim();
      if (MACHINE_ID.test(id)) return id;
      if (id !== '') logger.warn(`${path} is ignored: a machine id has 32 hexadecimal digits`);
    } catch (error) {
      logger.debug(`no machine id in ${path}: ${error}`);
    }
  }
  return undefined;
}

function known(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}
