import { SCOPE } from '../record/scope.ts';

/**
 * Names the exporter, its language and its version (OpenTelemetry Protocol Exporter, "User Agent"), after the product. It is
 * not the SDK's exporter, and does not call itself so.
 */
export const USER_AGENT = `${SCOPE.name}/${SCOPE.version} memwarden-OTLP-Exporter-JavaScript/${SCOPE.version}`;
