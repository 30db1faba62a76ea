import { styleText } from 'node:util';
import { escapeBut } from './escape.ts';
import { withoutSecrets } from './secrets.ts';

/** Line feeds, and the SGR sequences that `styleText` writes for the colours in use. */
const LAYOUT = new RegExp(`\\n|${String.fromCharCode(27)}\\[(?:2|22|31|32|33|36|39|90|91)m`, 'g');
const LAYOUT_WITHOUT_COLOURS = /\n/g;

/** A text of several lines, safe to write to a stream: the last filter, for what no other has seen. */
export function guarded(text: string, stream: NodeJS.WritableStream): string {
  const hasColours = styleText('dim', '-', { stream }) !== '-';
  return escapeBut(hasColours ? LAYOUT : LAYOUT_WITHOUT_COLOURS, withoutSecrets(text));
}

/**
 * Filters control sequences and secrets out of everything that is written to a standard stream, by libraries too. It
 * cannot tell a foreign line feed from one of ours: foreign texts are escaped where a line is composed (`printable`).
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
