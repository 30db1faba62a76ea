import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pinPlaceCheck } from '../../../../src/cli/doctor/pins.ts';

const PATH = '/sys/fs/bpf/memwarden';

test('says who mounted the BPF file system, and what is in it', () => {
  const { status, detail } = pinPlaceCheck(
    PATH,
    { kind: 'ready', mountedByMemwarden: true, hasFolder: true },
    true,
  );
  assert.equal(status, 'ok');
  assert.equal(detail, `/sys/fs/bpf, mounted by memwarden; memwarden has a folder in it, ${PATH}`);
  const others = pinPlaceCheck(PATH, { kind: 'ready', mountedByMemwarden: false, hasFolder: false }, false);
  assert.equal(others.detail, `/sys/fs/bpf; nothing is pinned in ${PATH}`);
});

test('announces a mount to who may mount, and warns others', () => {
  assert.equal(pinPlaceCheck(PATH, { kind: 'mountable' }, true).status, 'ok');
  const { status, detail, advice } = pinPlaceCheck(PATH, { kind: 'mountable' }, false);
  assert.equal(status, 'warning');
  assert.match(detail, /CAP_SYS_ADMIN: what happens while no sidecar runs will not be seen/);
  assert.match(advice ?? '', /^mount -t bpf /);
});

test('gives the reason and the advice where nothing can be pinned', () => {
  const place = { kind: 'unavailable', reason: `refused: ${PATH} is a link`, advice: 'look' } as const;
  const { status, detail, advice } = pinPlaceCheck(PATH, place, true);
  assert.deepEqual([status, advice], ['warning', 'look']);
  assert.match(detail, /^refused: \/sys\/fs\/bpf\/memwarden is a link: what happens/);
});
