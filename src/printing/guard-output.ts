import { styleText } from 'node:util';
import { escapeBut } from './escape.ts';
import { withoutSecrets } from './secrets.ts';

/** Line feeds, and what `styleText` makes of the colours in use: no other sequence is ours. */
const LAYOUT = new RegExp(`\\n|${String.fromCharCode(27)}\\[(?:2|22|31|32|33|36|39|90|91)m`, 'g');
const LAYOUT_WITHOUT_COLOURS = /\n/g;

/** A text of several lines as it may be written to a stream: the last look, for what nobody has looked at before. */
export function guarded(text: string, stream: NodeJS.WritableStream): string {
  const hasColours = styleText('dim', '-', { stream }) !== '-';
  return escapeBut(hasColours ? LAYOUT : LAYOUT_WITHOUT_COLOURS, withoutSecrets(text));
}

/**
 * Lets nothing through a standard stream that acts on a terminal or tells a secret, also of what a library writes there.
 * The parts of a line are made printable where it is composed, since here a line feed of somebody else looks like ours.
 */
export function guardOutput(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream);
  const pass = (chunk: string | Uint8Array): string =>
    guarded(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString(), stream);
  stream.write = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | ((error?: Error | null) => void),
    done?: (error?: Error | null) => void,
  ): boolean =>
    typeof encoding === 'function' ? write(pass(chunk), encoding) : write(pass(chunk), encoding, done);
}
