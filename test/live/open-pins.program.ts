// Opens a folder of pins in each of some places, at times that another process has too: every 50 ms from the first argument on.
import { join } from 'node:path';
import { PinDirectory } from '../../src/capture/pinning/pin-directory.ts';

const [start = '', ...places] = process.argv.slice(2);
for (const [round, place] of places.entries()) {
  const at = Number(start) + 50 * round;
  // not a timer: they are to meet within microseconds
  while (Date.now() < at);
  new PinDirectory(join(place, `pins-${process.pid}`), true);
}
