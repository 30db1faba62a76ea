import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errnoName } from '../../../src/detect/kernel-names/errno.ts';
import { decodeProtection } from '../../../src/detect/kernel-names/protection-flags.ts';
import { PTRACE, ptraceRequestName } from '../../../src/detect/kernel-names/ptrace-request.ts';

test('a failed result has the name of its error, a successful one has none', () => {
  assert.equal(errnoName(-13), 'EACCES');
  assert.equal(errnoName(-1), 'EPERM');
  assert.equal(errnoName(0), undefined);
  assert.equal(errnoName(4096), undefined);
});

test('of two names for one error the one in the kernel’s sources is used', () => {
  assert.equal(errnoName(-11), 'EAGAIN');
  assert.equal(errnoName(-95), 'EOPNOTSUPP');
});

test('an error without a name is given as its number', () => {
  assert.equal(errnoName(-512), 'errno 512');
});

test('a memory protection is given by names', () => {
  assert.equal(decodeProtection(0), 'PROT_NONE');
  assert.equal(decodeProtection(5), 'PROT_READ|PROT_EXEC');
  assert.equal(decodeProtection(7), 'PROT_READ|PROT_WRITE|PROT_EXEC');
  assert.equal(decodeProtection(0x01000002), 'PROT_WRITE|PROT_GROWSDOWN');
  assert.equal(decodeProtection(0x40000001), 'PROT_READ|0x40000000');
});

test('a ptrace request is given by name, an unknown one by number', () => {
  assert.equal(ptraceRequestName(PTRACE.ATTACH), 'PTRACE_ATTACH');
  assert.equal(ptraceRequestName(0x4205), 'PTRACE_SETREGSET');
  assert.equal(ptraceRequestName(0x9999), '0x9999');
});
