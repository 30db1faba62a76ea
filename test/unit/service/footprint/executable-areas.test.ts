import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { describe, it } from 'node:test';
import { executableAreas } from '../../../../src/service/footprint/executable-areas.ts';

const NODE = '/opt/my node/bin/node';

/** One area as the kernel writes it, with the lines that matter here among others. */
function area(range: string, rights: string, path: string, anonymousKilobytes = 0): string {
  return `${range} ${rights} 00000000 fe:00 1234                       ${path}
Size:                  4 kB
Rss:                   4 kB
Private_Dirty:         ${anonymousKilobytes} kB
Anonymous:             ${anonymousKilobytes} kB
AnonHugePages:         0 kB
VmFlags: rd mr mw me sd
`;
}

function areasOf(...areas: readonly string[]): readonly string[] {
  return executableAreas(areas.join(''), NODE).map(
    ({ start, lengthBytes }) => `${start.toString(16)}+${lengthBytes.toString(16)}`,
  );
}

describe('areas of the executable that hold nothing but its file', () => {
  it('are its code and its constants, also above 2^53', () => {
    assert.deepEqual(
      areasOf(
        area('00400000-00c00000', 'r--p', NODE),
        area('ffff0000deadb000-ffff0000deade000', 'r-xp', NODE),
      ),
      ['400000+800000', 'ffff0000deadb000+3000'],
    );
  });

  it('are none that this process has written to, though they are read-only by now', () => {
    assert.deepEqual(areasOf(area('00400000-00c00000', 'r--p', NODE, 4)), []);
  });

  it('are none that can be written to, or are shared', () => {
    assert.deepEqual(
      areasOf(area('00400000-00c00000', 'rw-p', NODE), area('00c00000-00d00000', 'r--s', NODE)),
      [],
    );
  });

  it('are of no other file, of no memory without a file, and not of one that was replaced on the disk', () => {
    const anonymous = area('00400000-00c00000', 'r-xp', '');
    assert.deepEqual(
      areasOf(
        anonymous,
        area('00c00000-00d00000', 'r-xp', '/usr/lib/libc.so.6'),
        area('00d00000-00e00000', 'r-xp', `${NODE} (deleted)`),
      ),
      [],
    );
  });

  it('are found in what the kernel says of this process', () => {
    const smaps = readFileSync('/proc/self/smaps', 'utf8');
    const areas = executableAreas(smaps, readlinkSync('/proc/self/exe'));
    assert.ok(areas.some(({ lengthBytes }) => lengthBytes > 1_000_000));
  });
});
