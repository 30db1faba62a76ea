import { maskEndpoint } from '../../printing/mask.ts';
import { quoted } from '../../printing/printable.ts';
import type { OtlpOptions } from '../options.ts';
import { CredentialSource } from './credentials.ts';
import type { ExportOutcome } from './export-outcome.ts';
import { GrpcTransport } from './grpc-transport.ts';
import { HttpTransport } from './http-transport.ts';
import { LOGS, type Signal } from './signal.ts';
import type { OtlpTransport } from './transport.ts';

/**
 * Creates the transport of the configured protocol.
 * @throws MemwardenError CONFIG_INVALID (endpoint), CREDENTIALS_INVALID
 */
export function createTransport(options: OtlpOptions, signal: Signal = LOGS): OtlpTransport {
  const credentials = new CredentialSource(options);
  return quoting(
    options.protocol === 'grpc'
      ? new GrpcTransport(options, credentials, signal)
      : new HttpTransport(options, credentials, signal),
  );
}

/** Escapes the texts of server and network once, where they arrive: they are logged, stored and served in many places. */
function quoting(transport: OtlpTransport): OtlpTransport {
  return {
    address: maskEndpoint(transport.address),
    send: async request => quotedOutcome(await transport.send(request)),
    close: () => transport.close(),
  };
}

function quotedOutcome(outcome: ExportOutcome): ExportOutcome {
  if (outcome.kind === 'accepted') return { ...outcome, message: quoted(outcome.message) };
  return { ...outcome, reason: quoted(outcome.reason) };
}
