// Prints what a start would find at each pin path of the arguments, as doctor does.
import { inspectPinPlace } from '../../src/capture/pinning/inspect.ts';

const places = process.argv.slice(2).map(path => [path, inspectPinPlace(path)]);
process.stdout.write(JSON.stringify(Object.fromEntries(places)));
