// Opens a folder of pins at each path, at the same moments as another process: every 50 ms from the first argument on.
import { join } from 'node:path';
import { PinDirectory } from '../../src/capture/pinning/pin-directory.ts';

const [start = '', ...places] = process.argv.slice(2);
for (const [round, place] of places.entries()) {
  const at = Number(start) + 50 * round;
  // a busy loop and no timer: the processes must meet within microseconds
  while (Date.now() < at);
  new PinDirectory(join(place, `pins-${process.pid}`), true);
}
