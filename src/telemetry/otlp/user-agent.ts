import { SCOPE } from '../record/scope.ts';

/**
 * Product, then exporter with language and version (OpenTelemetry Protocol Exporter, "User Agent"). The exporter is our own
 * and so does not have the name of the SDK's.
 */
export const USER_AGENT = `${SCOPE.name}/${SCOPE.version} memwarden-OTLP-Exporter-JavaScript/${SCOPE.version}`;
