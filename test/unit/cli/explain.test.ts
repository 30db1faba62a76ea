import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXPLANATIONS } from '../../../src/detect/explanations.ts';
import { SIGNATURES } from '../../../src/detect/signatures/index.ts';
import { EXIT } from '../../../src/service/exit-codes.ts';
import { memwarden } from './cli.ts';

describe('memwarden explain', () => {
  it('knows every detection of the catalogue and nothing else', () => {
    const detections = SIGNATURES.filter(({ definition }) => definition.id !== undefined);
    assert.deepEqual(
      Object.keys(EXPLANATIONS).sort(),
      detections.map(({ definition }) => definition.eventName).sort(),
    );
  });

  it('says the same by id and by event name', () => {
    const { status, stdout } = memwarden(['explain', 'TRC-1023']);
    assert.equal(status, EXIT.ok);
    assert.match(stdout, /^TRC-1023 proc_mem_access \(HIGH\)\n.*\n\nLegitimate causes:\n {2}- /);
    assert.match(stdout, /\nMore: https:\/\/attack\.mitre\.org\/techniques\/T1003\/007\/\n$/);
    assert.equal(memwarden(['explain', 'proc_mem_access']).stdout, stdout);
  });

  it('refuses an unknown detection and names the known ones', () => {
    const { status, stdout, stderr } = memwarden(['explain', 'TRC-1']);
    assert.equal(status, EXIT.usage);
    assert.equal(stdout, '');
    assert.match(stderr, /Allowed choices are TRC-1023, proc_mem_access/);
  });
});
