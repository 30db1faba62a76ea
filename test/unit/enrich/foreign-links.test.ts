import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Procfs } from '../../../src/enrich/procfs.ts';
import { followText } from '../../../src/enrich/text-path.ts';
import { buildActor } from '../event-builder.ts';

const TASK = '4711/task/4711';

/** A process with a mount of some type at /mnt, where every file is a link to procfs; records the links that were read. */
function machine(type: string) {
  const asked: string[] = [];
  const mounts = [
    '1 0 0:1 / / rw - ext4 root rw',
    '2 1 0:2 / /proc rw - proc proc rw',
    `3 1 0:3 / /mnt rw - ${type} host:/ rw`,
  ];
  const procfs: Procfs = {
    root: '/proc',
    read: file => (file === `${TASK}/mountinfo` ? mounts.join('\n') : undefined),
    link: file => {
      asked.push(file);
      if (file === `${TASK}/root` || file === `${TASK}/cwd`) return '/';
      return file.startsWith(`${TASK}/root/mnt/`) ? '/proc/42' : undefined;
    },
    processes: () => [],
    stat: () => undefined,
  };
  return { asked, follow: (text: string) => followText(procfs, buildActor(), text, undefined) };
}

test('no link is read on a file system of a server or of another process: the read could hang for ever', () => {
  for (const type of [
    'fuse',
    'fuse.sshfs',
    'nfs',
    'nfs4',
    'cifs',
    '9p',
    'ceph',
    'autofs',
    'virtiofs',
    'xext4',
    'ext4x',
  ]) {
    const { asked, follow } = machine(type);
    assert.deepEqual(follow('/mnt/link/mem'), { procfs: false }, type);
    assert.deepEqual(
      asked.filter(file => file.includes('mnt')),
      [],
      type,
    );
  }
});

test('links on the usual local file systems are followed', () => {
  const local = ['bcachefs', 'btrfs', 'erofs', 'ext2', 'ext3', 'ext4', 'f2fs', 'overlay', 'ramfs', 'rootfs'];
  for (const type of [...local, 'squashfs', 'tmpfs', 'vfat', 'xfs', 'zfs']) {
    const followed = machine(type).follow('/mnt/link/mem');
    assert.ok(followed?.procfs, type);
    assert.equal(followed.inside, '42/mem');
  }
});

test('a chain of links is followed as far as the kernel follows it', () => {
  const { asked, follow } = machine('ext4');
  assert.deepEqual(follow(`/mnt${'/l/../../mnt'.repeat(60)}/l/mem`), { procfs: false });
  assert.ok(asked.filter(file => file.includes('/mnt/')).length <= 41);
});
