import { type Area, mutantsOf } from '../mutant.ts';

const FOLDER = 'src/detect/exceptions';
const TESTS = 'test/unit/detect/exceptions';

export const rules: Area = {
  name: 'rules',
  target: 90,
  tests: ['exceptions', 'relations', 'rules-by-process', 'condition', 'glob', 'glob-properties'].map(
    name => `${TESTS}/${name}.test.ts`,
  ),
  mutants: [
    ...mutantsOf(`${FOLDER}/exceptions.ts`, [
      ['Math.min(rule.action, detection.severity)', 'rule.action', 'a rule raises a severity'],
      ['(detection.repeat?.count ?? 1)', '1', 'a dropped storm counts once'],
      [
        'if (rule === undefined) return detection;',
        'if (rule === undefined) return undefined;',
        'what no rule is about is dropped',
      ],
      ["if (rule.action === 'drop') return undefined;", '', 'nothing is dropped'],
      [
        '      failed.add(rule.name);\n      return false;',
        '      failed.add(rule.name);\n      return true;',
        'what cannot be evaluated is known to be good',
      ],
      ['rulesByProcess = new RulesByProcess(rules);\n      for', 'for', 'a reload changes nothing'],
      ['if (first !== undefined)', 'if (others.length > 0)', 'a broken file is half in force'],
      ['counts.set(name, counts.get(name) ?? 0)', 'counts.set(name, 0)', 'a reload forgets what was counted'],
      ['severity, exception: rule.name }', 'severity }', 'nobody knows which rule lowered it'],
    ]),
    ...mutantsOf(`${FOLDER}/rules-by-process.ts`, [
      [
        '!rule.condition.aboutProcesses || meets(rule)',
        'meets(rule)',
        'a rule about an act is decided by the first act',
      ],
      [
        'if (known?.details !== details) {',
        'if (known === undefined) {',
        'a rule is decided by what was known before',
      ],
      [
        'events === undefined || events.has(event)',
        'true',
        'a rule is applied to events that it does not name',
      ],
      ['(targetIsDescendant ? 2 : 0)', '0', 'a rule about children is not used where it was not met once'],
      ['(crossContainer ? 4 : 0)', '0', 'a rule about containers is not used where it was not met once'],
      ['(selfAccess ? 1 : 0)', '0', 'a rule about oneself is not used where it was not met once'],
    ]),
    ...mutantsOf(`${FOLDER}/glob.ts`, [
      ['if (path.charCodeAt(at) === SLASH) isInName = false;', '', 'a star reaches into other directories'],
      ['fits: code => code !== SLASH };', 'fits: () => true };', 'a question mark is a slash'],
      ['  start[0] = 1;', '  start.fill(1);', 'a path in front of a pattern is known to be good'],
      ['[path.length] === 1;', '.includes(1);', 'a path behind a pattern is known to be good'],
      ['code !== SLASH && !isMember(code)', '!isMember(code)', 'what is none of some is a slash'],
      [
        'if (path.charCodeAt(at) === SLASH) ends[at + 1] = 1;',
        'ends[at + 1] = 1;',
        'a directory is half a name',
      ],
      ['      ends.set(starts);', '', 'no directory is no number of directories'],
      ['      ends.fill(1, first);', '      ends.fill(1);', 'two stars reach back'],
      ['from <= code && code <= to', 'from <= code', 'a range has no end'],
      ['if (other[at] === 1) all[at] = 1;', '', 'only the first of several texts is tried'],
    ]),
    ...mutantsOf(
      `${FOLDER}/variables.ts`,
      [
        ['const UNKNOWN_ID = -1n;', 'const UNKNOWN_ID = 0n;', 'who is unknown is root'],
        [
          'if (known?.details === details) return known.record;',
          'if (known !== undefined) return known.record;',
          'a rule sees what was known before',
        ],
        ["result < 0 ? 'failure' : 'success'", "'success'", 'a failure is a success'],
        ["if (result === undefined) return '';", '', 'an outcome that nobody saw is a success'],
      ],
      'exceptions',
    ),
  ],
};
