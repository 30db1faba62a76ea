import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  assertLinuxCapabilities,
  howToGrant,
  linuxCapabilityStatus,
} from '../../../src/service/linux-capabilities.ts';

const names = (capabilities: readonly { readonly name: string }[]) => capabilities.map(({ name }) => name);
const status = (mask: string) =>
  linuxCapabilityStatus(`Name:\tnode\nCapPrm:\tffffffffffffffff\nCapEff:\t${mask}\n`);

describe('capabilities', () => {
  it('are all held by root', () => {
    assert.deepEqual(status('000001ffffffffff').missing, []);
  });

  it('are those of the effective set', () => {
    assert.deepEqual(names(status('0000000000000000').missing), [
      'CAP_BPF',
      'CAP_PERFMON',
      'CAP_SYS_PTRACE',
      'CAP_DAC_READ_SEARCH',
    ]);
  });

  it('of BPF and PERFMON are implied by SYS_ADMIN, the others are not', () => {
    assert.deepEqual(names(status('0000000000200000').missing), ['CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH']);
  });

  it('that only cost details do not stop the start', () => {
    assertLinuxCapabilities(status('000000c000000000'));
    assert.throws(() => assertLinuxCapabilities(status('0000008000000000')), /missing CAP_PERFMON/);
  });

  it('are granted without setcap on the node binary', () => {
    const advice = howToGrant(status('0').missing).join(' ');
    assert.match(advice, /--cap-add SYS_PTRACE/);
    assert.doesNotMatch(advice, /setcap/);
  });
});
