import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate authority for one test, and a server and a client certificate that it signed. PEM files. */
export class Certificates implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'memwarden-certificates-'));
  readonly caPath = this.#path('ca.pem');
  readonly serverCertPath = this.#path('server.pem');
  readonly serverKeyPath = this.#path('server-key.pem');
  readonly clientCertPath = this.#path('client.pem');
  readonly clientKeyPath = this.#path('client-key.pem');

  /** @throws Error when there is no `openssl`. */
  constructor() {
    const caKeyPath = this.#path('ca-key.pem');
    openssl('req', '-x509', ...newKey(caKeyPath), '-subj', '/CN=test CA', '-days', '1', '-out', this.caPath);
    this.#sign('server', 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth', caKeyPath);
    this.#sign('client', 'extendedKeyUsage=clientAuth', caKeyPath);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }

  #sign(name: 'server' | 'client', extensions: string, caKeyPath: string): void {
    const requestPath = this.#path(`${name}.csr`);
    const extensionsPath = this.#path(`${name}.ext`);
    writeFileSync(extensionsPath, `${extensions}\n`);
    openssl('req', ...newKey(this.#path(`${name}-key.pem`)), '-subj', `/CN=${name}`, '-out', requestPath);
    openssl(
      ...['x509', '-req', '-in', requestPath, '-CA', this.caPath, '-CAkey', caKeyPath, '-CAcreateserial'],
      ...['-days', '1', '-extfile', extensionsPath, '-out', this.#path(`${name}.pem`)],
    );
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

function newKey(path: string): readonly string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path];
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
