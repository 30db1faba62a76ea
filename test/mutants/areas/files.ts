import { type Area, mutantsOf } from '../mutant.ts';

const FOLDER = 'src/files';

export const files: Area = {
  name: 'files',
  target: 90,
  tests: [
    ...['own-file', 'exchanged', 'read-file'].map(name => `test/unit/files/${name}.test.ts`),
    'test/unit/telemetry/spool/durability.test.ts',
  ],
  mutants: [
    ...mutantsOf(`${FOLDER}/own-file.ts`, [
      ['const OWN_MODE = 0o600;', 'const OWN_MODE = 0o644;', 'others can read the totals and the spool'],
      [
        'if ((stats.mode & 0o777) !== OWN_MODE) fchmodSync(file, OWN_MODE);',
        '',
        'a spool that others could read stays so',
      ],
      [
        'O_NONBLOCK | O_NOCTTY, OWN_MODE)',
        'O_NONBLOCK | O_NOCTTY)',
        'others can open a new file before its mode is set',
      ],
      ['  assertOwnFile(path);\n', '', 'a device of that name is opened, which can act on it'],
      [
        'O_CREAT | O_NOFOLLOW | O_NONBLOCK',
        'O_CREAT | O_NONBLOCK',
        'a link is followed that was put there in time',
      ],
      [
        '    assertOwn(stats, path);\n    if ((stats',
        '    if ((stats',
        'a file that was put there in time is taken for one of ours',
      ],
      ['if (stats.uid !== own)', 'if (false)', 'a file of somebody else is written'],
      ['if (isWritableByOthers(stats))', 'if (false)', 'what somebody else has written is believed'],
      ['if (stats.nlink > 1)', 'if (stats.nlink > 2)', 'a file that is elsewhere, too, is overwritten'],
      [
        'dev !== opened.dev || ino !== opened.ino',
        'dev !== opened.dev',
        'another file is taken for the one that was opened',
      ],
    ]),
    ...mutantsOf(
      `${FOLDER}/own-directory.ts`,
      [
        ['names.length === 0 ? 0o700 : 0o755', '0o755', 'others can list the spool'],
        ['0o700 : 0o755', '0o700 : 0o777', 'others can exchange the folders above the spool'],
        [
          'O_DIRECTORY | O_NOFOLLOW)',
          'O_DIRECTORY)',
          'a link on the way is followed that was put there in time',
        ],
        ['assertLink(stats, fstatSync(at), name, path);', '', 'others say where the spool is'],
        [
          'isTrustedLink(link) && !isWritableByOthers(folder)',
          'isTrustedLink(link)',
          'a link is followed that others can exchange',
        ],
        [
          'isTrustedLink(link) && !isWritableByOthers(folder)',
          '!isWritableByOthers(folder)',
          'a link of somebody else is followed',
        ],
        ["if (target.startsWith('/')) at = replace(at, '/');", '', 'an absolute link leads elsewhere'],
        ['stats === undefined && make', 'stats === undefined', 'a look makes a folder'],
        ['if (stats.uid !== own)', 'if (false)', 'the spool is in a folder of somebody else'],
        ['if (isWritableByOthers(stats))', 'if (false)', 'others can put files and links into the spool'],
      ],
      'own-file',
    ),
    ...mutantsOf(
      `${FOLDER}/trusted-owner.ts`,
      [
        ['if ((stats.mode & OTHERS_WRITE) !== 0) return true;', '', 'what everybody can write is believed'],
        ['const GROUP_WRITE = 0o020;', 'const GROUP_WRITE = 0;', 'what a group can write is believed'],
        [' && !isPrivateGroup(stats)', '', 'the files of whoever has a group of its own are refused'],
        ['uid !== 0 && uid === gid', 'uid === gid', 'what the group of root can write is believed'],
        [
          'uid === installer || uid === caller',
          'uid === installer',
          'the files of whoever calls sudo are refused',
        ],
        ['if (!isTrusted(stats.uid))', 'if (false)', 'what anybody owns is believed'],
        ['if (isWritableByOthers(stats))', 'if (false)', 'what anybody can write is believed'],
      ],
      'read-file',
    ),
    ...mutantsOf(`${FOLDER}/read-file.ts`, [
      ['  assertRegular(statSync(path));\n', '', 'a device is opened, which can act on it'],
      ['    assertRegular(stats);\n', '', 'a device that was put there in time is read'],
      [
        'constants.O_RDONLY | constants.O_NONBLOCK',
        'constants.O_RDONLY',
        'a FIFO that was put there in time stops the program',
      ],
      ['if (trusted) assertTrusted(stats, path);', '', 'anybody says what the program does'],
      ['if (stats.size > maxBytes)', 'if (false)', 'a huge file fills the memory'],
      [
        'stats.size > 0 ? stats.size + 1 : maxBytes + 1',
        'stats.size + 1',
        'a file of procfs is refused, for it has no size',
      ],
    ]),
  ],
};
