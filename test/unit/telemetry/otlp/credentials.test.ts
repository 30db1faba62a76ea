import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { diag } from '@opentelemetry/api';
import { MemwardenError } from '../../../../src/errors.ts';
import { TELEMETRY_DEFAULTS } from '../../../../src/telemetry/options.ts';
import { CredentialSource } from '../../../../src/telemetry/otlp/credentials.ts';
import { Certificates } from '../../../e2e/certificates.ts';
import { temporaryDirectory } from '../../../temporary-directory.ts';

const OTLP = TELEMETRY_DEFAULTS.otlp;

function fileWith(t: TestContext, text: string): string {
  const path = join(temporaryDirectory(t), 'file');
  writeFileSync(path, text);
  return path;
}

/** Replaces a file atomically, as a rotation does. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function refusal(work: () => unknown): MemwardenError {
  try {
    work();
  } catch (error) {
    if (error instanceof MemwardenError) return error;
    throw error;
  }
  return assert.fail('nothing was refused');
}

test('headers of a file override those of the settings, and are read again when the file changes', t => {
  const headersPath = fileWith(t, '# of the vault\nAuthorization = Bearer one\n');
  const headers = { authorization: 'none', 'x-tenant': 'blue' };
  const source = new CredentialSource({ ...OTLP, headers, headersPath });
  assert.deepEqual(source.current.headers, { authorization: 'Bearer one', 'x-tenant': 'blue' });
  assert.equal(source.refresh(), false);
  replace(headersPath, 'authorization=Bearer two\n');
  assert.equal(source.refresh(), true);
  assert.deepEqual(source.current.headers, { authorization: 'Bearer two', 'x-tenant': 'blue' });
});

test('an invalid or missing file leaves the credentials unchanged, until it is valid again', t => {
  const headersPath = fileWith(t, 'authorization=Bearer one\n');
  const source = new CredentialSource({ ...OTLP, headersPath });
  replace(headersPath, 'half a lin');
  assert.equal(source.refresh(), false);
  assert.equal(source.current.headers['authorization'], 'Bearer one');
  replace(headersPath, 'authorization=Bearer two\n');
  assert.equal(source.refresh(), true);
  assert.equal(source.current.headers['authorization'], 'Bearer two');
});

test('a key is used only with the certificate that it belongs to', () => {
  using one = new Certificates();
  using other = new Certificates();
  const clientCertificatePath = one.clientCertPath;
  const options = { ...OTLP, clientCertificatePath, clientKeyPath: other.clientKeyPath };
  assert.match(refusal(() => new CredentialSource(options)).message, /client key .*client-key\.pem/);
  const source = new CredentialSource({ ...options, clientKeyPath: one.clientKeyPath });
  // between the two writes of a rotation the old pair stays in use
  renameSync(other.clientCertPath, one.clientCertPath);
  assert.equal(source.refresh(), false);
  renameSync(other.clientKeyPath, one.clientKeyPath);
  assert.equal(source.refresh(), true);
});

test('a file or header that cannot be used stops the start with an error that names it, without secrets', t => {
  const certificatePath = '/nowhere/ca.pem';
  const missing = refusal(() => new CredentialSource({ ...OTLP, certificatePath }));
  assert.equal(missing.code, 'CREDENTIALS_INVALID');
  assert.match(missing.message, /certificate \/nowhere\/ca\.pem/);
  const headersPath = fileWith(t, 'hunter2\n');
  assert.doesNotMatch(refusal(() => new CredentialSource({ ...OTLP, headersPath })).message, /hunter2/);
  const headers = { authorization: 'hunter2\n' };
  assert.doesNotMatch(refusal(() => new CredentialSource({ ...OTLP, headers })).message, /hunter2/);
});

test('a secret that every user can read is used, with a warning about the file and its mode', t => {
  const warnings: string[] = [];
  const keep = (...words: unknown[]) => warnings.push(words.join(' '));
  const nothing = () => undefined;
  diag.setLogger({ warn: keep, error: nothing, info: nothing, debug: nothing, verbose: nothing });
  t.after(() => diag.disable());
  const headersPath = fileWith(t, 'authorization=Bearer hunter2\n');
  chmodSync(headersPath, 0o640);
  assert.ok(new CredentialSource({ ...OTLP, headersPath }).current.headers['authorization']);
  assert.deepEqual(warnings, []);
  chmodSync(headersPath, 0o644);
  assert.ok(new CredentialSource({ ...OTLP, headersPath }).current.headers['authorization']);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] ?? '',
    new RegExp(`the header file ${headersPath} has mode 0644: every user can read it`),
  );
  assert.doesNotMatch(warnings[0] ?? '', /hunter2/);
});

test('files that another user could have written are not used', t => {
  const headersPath = fileWith(t, 'authorization=Bearer one\n');
  chmodSync(headersPath, 0o666);
  const { code, message, hint } = refusal(() => new CredentialSource({ ...OTLP, headersPath }));
  assert.equal(code, 'CREDENTIALS_INVALID');
  assert.match(message, /header file .*: its mode is 0666: users other than its owner, \d+, may write it/);
  assert.match(hint ?? '', /^chmod go-w /);
});

test('a FIFO in place of a file does not block, at the start or later', t => {
  const headersPath = fileWith(t, 'authorization=Bearer one\n');
  const source = new CredentialSource({ ...OTLP, headersPath });
  rmSync(headersPath);
  execFileSync('mkfifo', [headersPath]);
  assert.equal(source.refresh(), false);
  assert.equal(source.current.headers['authorization'], 'Bearer one');
  assert.match(refusal(() => new CredentialSource({ ...OTLP, headersPath })).message, /it is a FIFO/);
});

test('credentials are read through the symbolic links of a Kubernetes secret, and again when these change', t => {
  const mount = temporaryDirectory(t);
  for (const [name, text] of [
    ['..one', 'authorization=Bearer one\n'],
    ['..two', 'authorization=Bearer two\n'],
  ] as const) {
    mkdirSync(join(mount, name));
    writeFileSync(join(mount, name, 'headers'), text, { mode: 0o400 });
  }
  symlinkSync('..one', join(mount, '..data'));
  symlinkSync('..data/headers', join(mount, 'headers'));
  const source = new CredentialSource({ ...OTLP, headersPath: join(mount, 'headers') });
  assert.equal(source.current.headers['authorization'], 'Bearer one');
  symlinkSync('..two', join(mount, '..data_tmp'));
  renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
  assert.equal(source.refresh(), true);
  assert.equal(source.current.headers['authorization'], 'Bearer two');
});

// gRPC takes the value of such a header for binary, and throws at the first request
test('a header that gRPC would take for binary stops the start, wherever it comes from', t => {
  const code = 'CREDENTIALS_INVALID';
  for (const name of ['x-trace-bin', 'X-Trace-BIN', 'grpc-status-details-bin', '-bin']) {
    assert.equal(refusal(() => new CredentialSource({ ...OTLP, headers: { [name]: 'x' } })).code, code, name);
    const headersPath = fileWith(t, `${name}=x\n`);
    assert.equal(refusal(() => new CredentialSource({ ...OTLP, headersPath })).code, code, name);
  }
  const headers = { 'x-bin-trace': 'x', 'x-cabin': 'x', bin: 'x' };
  assert.deepEqual(new CredentialSource({ ...OTLP, headers }).current.headers, headers);
});

test('a name or value that no header can carry stops the start', () => {
  for (const headers of [{ 'a b': 'x' }, { '': 'x' }, { 'a:b': 'x' }, { a: 'ü' }, { a: 'x\ry' }]) {
    assert.equal(refusal(() => new CredentialSource({ ...OTLP, headers })).code, 'CREDENTIALS_INVALID');
  }
});
