import type { OtlpOptions } from '../options.ts';
import { CredentialSource } from './credentials.ts';
import { GrpcTransport } from './grpc-transport.ts';
import { HttpTransport } from './http-transport.ts';
import { LOGS, type Signal } from './signal.ts';
import type { OtlpTransport } from './transport.ts';

/**
 * The transport that the options ask for.
 * @throws MemwardenError CONFIG_INVALID (endpoint), CREDENTIALS_INVALID
 */
export function createTransport(options: OtlpOptions, signal: Signal = LOGS): OtlpTransport {
  const credentials = new CredentialSource(options);
  return options.protocol === 'grpc'
    ? new GrpcTransport(options, credentials, signal)
    : new HttpTransport(options, credentials, signal);
}
