import { type Area, mutantsOf } from '../mutant.ts';

export const storm: Area = {
  name: 'storm',
  target: 90,
  tests: ['test/unit/detect/folding/storm.test.ts', 'test/unit/detect/folding/summary-codec.test.ts'],
  mutants: mutantsOf('src/detect/folding/storm.ts', [
    ['    actor.startTimeNs,\n', '', 'another process with the number is folded into the one before'],
    ['    actor.executablePath,\n', '', 'another program of a process is folded into the one before'],
    [
      '`${target.tgid} ${target.startTimeNs}`',
      '`${target.tgid}`',
      'another target with the number is folded into the one before',
    ],
    ["result === undefined ? '?' : errnoName(result)", "''", 'a success is folded into refusals'],
    ['    definition.eventName,\n', '', 'another detection is folded into the one before'],
    ['    match.method,\n', '', 'another method is folded into the one before'],
    ["${String(match.data['alert'])}", '', 'another alert is folded into the one before'],
    ['count: count + 1,', 'count,', 'a summary counts nothing'],
    ['window.bytes += movedBytes(detection);', '', 'the bytes of a storm are those of its last read'],
    ['window.repeat = oneMore(window.repeat, detection.event.timeUnixNs);', '', 'a storm is never summed up'],
    [
      'windowMillis === 0 || detection.repeat !== undefined',
      'windowMillis === 0',
      'what the kernel summed up is held back, and counted as one',
    ],
    [
      'if (windows.size > detectionsMax && oldest !== undefined) close(...oldest);',
      '',
      'a storm of different detections fills the memory',
    ],
    ['if (window.isSaved) closed.set(key, null);', '', 'a restart reports again what was reported'],
    ['window.isSaved = true;', '', 'a restart reports again what was reported'],
    ['    grown.clear();\n', '', 'what is held back is written every second'],
    ['grown.add(key);', '', 'what is held back is lost with the process'],
    ['sum + (repeat?.count ?? 0)', 'sum + 1', 'the books do not balance in a storm'],
    [
      'timeUnixNs < firstUnixNs ? timeUnixNs : firstUnixNs',
      'firstUnixNs',
      'a storm begins with whichever came first',
    ],
    [
      'timeUnixNs > lastUnixNs ? timeUnixNs : lastUnixNs',
      'timeUnixNs',
      'a storm ends with whichever came last',
    ],
    ['if (summary !== undefined) emit(summary);', '', 'no storm is summed up'],
  ]),
};
