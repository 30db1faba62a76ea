// What a start would find for each pin path of the arguments, as doctor asks it; the first argument is to be kept visible.
import { inspectPinPlace } from '../../src/capture/pinning/inspect.ts';

const [visible = '', ...paths] = process.argv.slice(2);
const places = paths.map(path => [path, inspectPinPlace(path, [visible])]);
process.stdout.write(JSON.stringify(Object.fromEntries(places)));
