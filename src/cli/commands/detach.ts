import type { Command } from 'commander';
import type { Detached } from '../../capture/pinning/detach.ts';
import { loadSettings } from '../../config/index.ts';
import { printable } from '../../printing/printable.ts';
import { setDiagnostics } from '../../service/diagnostics.ts';
import type { Context } from '../context.ts';
import { addSettingFlags, settingSources } from '../setting-flags.ts';

const HELP = `
A sidecar that delivers to a collector leaves its programs in the kernel when
it ends, so that the next one can report what happened meanwhile (capture.pin).
This command removes them, and nothing is recorded any more. A BPF file system
that a sidecar has mounted for its pins is unmounted, unless another program
has pins in it.

Examples:
  sudo memwarden detach
  sudo memwarden detach --set capture.pinPath=/sys/fs/bpf/other`;

/** `memwarden detach`: removes pinned programs and maps. */
export function addDetach(program: Command, { env }: Context): void {
  addSettingFlags(program.command('detach'))
    .description('remove the programs that a stopped sidecar has left in the kernel')
    .addHelpText('after', HELP)
    .action(async (_options: object, command: Command) => {
      const { capture, diagnostics } = loadSettings(settingSources(command, env));
      setDiagnostics(diagnostics.level);
      const { detachPinned } = await import('../../capture/pinning/detach.ts');
      for (const sentence of report(capture.pinPath, detachPinned(capture.pinPath)))
        process.stderr.write(`${printable(sentence)}\n`);
    });
}

function report(path: string, { pinned, unmounting }: Detached): string[] {
  const sentences: string[] = [];
  if (pinned === undefined) sentences.push(`nothing is pinned in ${path}`);
  else {
    const { programs, unread } = pinned;
    const lost = unread === 0 ? '' : `; ${unread} events that had not been read are lost`;
    sentences.push(`removed ${programs} programs from ${path}${lost}`);
  }
  if (unmounting !== undefined) {
    const { mountPoint, kept } = unmounting;
    if (kept === undefined) sentences.push(`unmounted ${mountPoint}, which memwarden had mounted`);
    else sentences.push(`left ${mountPoint}, which memwarden had mounted: ${kept}`);
  }
  return sentences;
}
