import { X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { diag } from '@opentelemetry/api';
import { MemwardenError } from '../../errors.ts';
import { modeOf } from '../../files/file-kind.ts';
import { hintOr } from '../../files/file-refusal.ts';
import { readFile } from '../../files/read-file.ts';
import { keepSecretsOfHeaderPair } from '../../printing/secrets.ts';
import type { OtlpOptions } from '../options.ts';

const logger = diag.createComponentLogger({ namespace: 'otlp' });

/** A bundle of all public authorities has 220 KB. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

const OTHERS_READ = 0o004;

/** Credentials of a connection; PEM texts as in their files. */
export interface OtlpCredentials {
  readonly certificate: Buffer | undefined;
  readonly clientKey: Buffer | undefined;
  readonly clientCertificate: Buffer | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** Certificates and headers, read again when their files change. */
export class CredentialSource {
  readonly #options: OtlpOptions;
  readonly #paths: readonly string[];
  #fingerprint: string;
  #current: OtlpCredentials;
  #warned = false;

  /** @throws MemwardenError CREDENTIALS_INVALID when a file is missing, unreadable or invalid. */
  constructor(options: OtlpOptions) {
    this.#options = options;
    const { certificatePath, clientKeyPath, clientCertificatePath, headersPath } = options;
    this.#paths = [certificatePath, clientKeyPath, clientCertificatePath, headersPath].filter(
      p => p !== undefined,
    );
    this.#fingerprint = this.#fingerprintFiles();
    this.#current = readCredentials(options);
  }

  get current(): OtlpCredentials {
    return this.#current;
  }

  /**
   * Reads the files again if any of them changed. Files that are unreadable or do not match, as in the middle of a rotation,
   * leave the credentials unchanged, with one warning.
   *
   * @returns whether `current` is new.
   */
  refresh(): boolean {
    const fingerprint = this.#fingerprintFiles();
    if (fingerprint === this.#fingerprint) return false;
    try {
      this.#current = readCredentials(this.#options);
    } catch (error) {
      if (!(error instanceof MemwardenError)) throw error;
      if (!this.#warned) logger.warn(`${error.message}; going on with the credentials read before`);
      this.#warned = true;
      return false;
    }
    this.#fingerprint = fingerprint;
    this.#warned = false;
    logger.info('certificates or headers changed and were read again');
    return true;
  }

  /** Device, inode, size and change time: Kubernetes rotates a secret by replacing a symbolic link. */
  #fingerprintFiles(): string {
    return this.#paths
      .map(path => {
        const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
        return stat === undefined ? 'absent' : `${stat.dev}:${stat.ino}:${stat.size}:${stat.ctimeNs}`;
      })
      .join(' ');
  }
}

function readCredentials(options: OtlpOptions): OtlpCredentials {
  const { certificatePath, clientKeyPath, clientCertificatePath, headersPath } = options;
  if ((clientKeyPath === undefined) !== (clientCertificatePath === undefined)) {
    const [given, missing] = clientKeyPath === undefined ? ['certificate', 'key'] : ['key', 'certificate'];
    throw new MemwardenError(
      'CREDENTIALS_INVALID',
      `failed to read the client credentials: there is a ${given} but no ${missing}`,
      'set both OTEL_EXPORTER_OTLP_CLIENT_KEY and OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE, or neither',
    );
  }
  const certificate = read(certificatePath, 'certificate', 'public');
  const clientKey = read(clientKeyPath, 'client key', 'secret');
  const clientCertificate = read(clientCertificatePath, 'client certificate', 'public');
  check('certificate', certificatePath, () => new X509Certificate(certificate ?? ''));
  check('client certificate', clientCertificatePath, () => new X509Certificate(clientCertificate ?? ''));
  check('client key', clientKeyPath, () => createSecureContext({ key: clientKey, cert: clientCertificate }));
  const text = read(headersPath, 'header file', 'secret');
  const headers = { ...options.headers, ...(text === undefined ? {} : parseHeaders(text, headersPath)) };
  checkHeaders(headers);
  return { certificate, clientKey, clientCertificate, headers };
}

function read(path: string | undefined, what: string, content: 'public' | 'secret'): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    const { bytes, stats } = readFile(path, { maxBytes: FILE_BYTES_MAX, trusted: true });
    if (content === 'secret' && (stats.mode & OTHERS_READ) !== 0)
      logger.warn(`the ${what} ${path} has mode ${modeOf(stats)}: every user can read it; chmod o-r ${path}`);
    return bytes;
  } catch (cause) {
    throw unusable(what, path, cause, 'check that the file exists and that this user may read it');
  }
}

/** Has OpenSSL parse a PEM text, or check that key and certificate belong together. */
function check(what: string, path: string | undefined, parse: () => unknown): void {
  if (path === undefined) return;
  try {
    parse();
  } catch (cause) {
    throw unusable(
      what,
      path,
      cause,
      'it must be PEM, and a client key must belong to the client certificate',
    );
  }
}

function parseHeaders(text: Buffer, path: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of text.toString('utf8').split('\n')) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    keepSecretsOfHeaderPair(trimmed);
    const equals = trimmed.indexOf('=');
    // the line itself is not quoted: it may contain a secret
    if (equals <= 0)
      throw unusable('header file', path ?? '', 'a line is not name=value', 'write one header a line');
    headers[trimmed.slice(0, equals).trim().toLowerCase()] = trimmed.slice(equals + 1).trim();
  }
  return headers;
}

/** Accepts headers that both gRPC and HTTP can carry: gRPC takes `-bin` names for binary. Never quotes a value. */
function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (/^[0-9a-z_.-]+(?<!-bin)$/i.test(name) && /^[ -~]*$/.test(value)) continue;
    throw new MemwardenError(
      'CREDENTIALS_INVALID',
      `failed to use the OTLP header "${name}": its name or its value cannot be sent`,
      'names are letters, digits, "-", "_" and "." and do not end in "-bin"; values are printable ASCII',
    );
  }
}

function unusable(what: string, path: string, cause: unknown, hint: string): MemwardenError {
  const reason = cause instanceof Error ? cause.message : cause;
  return new MemwardenError(
    'CREDENTIALS_INVALID',
    `failed to read the ${what} ${path}: ${reason}`,
    hintOr(cause, hint),
    { cause },
  );
}
