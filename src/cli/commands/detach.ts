import type { Command } from 'commander';
import { loadSettings } from '../../config/index.ts';
import { printable } from '../../printing/printable.ts';
import type { Context } from '../context.ts';
import { setDiagnostics } from '../diagnostics.ts';
import { addSettingFlags, settingSources } from '../setting-flags.ts';

const HELP = `
A sidecar that delivers to a collector leaves its programs in the kernel when
it ends, so that the next one can tell what happened meanwhile (capture.pin).
After this command nothing of it is left, and nothing is recorded.

Examples:
  sudo memwarden detach
  sudo memwarden detach --set capture.pinPath=/sys/fs/bpf/other`;

/** `memwarden detach`: removes what sidecars have left to the kernel. */
export function addDetach(program: Command, { env }: Context): void {
  addSettingFlags(program.command('detach'))
    .description('end the programs that a stopped sidecar has left in the kernel')
    .addHelpText('after', HELP)
    .action(async (_options: object, command: Command) => {
      const { capture, diagnostics } = loadSettings(settingSources(command, env));
      setDiagnostics(diagnostics.level);
      const { detachPinned } = await import('../../capture/pinning/detach.ts');
      const detached = detachPinned(capture.pinPath);
      if (detached === undefined) {
        process.stderr.write(`nothing is pinned in ${printable(capture.pinPath)}\n`);
        return;
      }
      const { programs, unread } = detached;
      const lost = unread === 0 ? '' : `; ${unread} events that nobody had read are gone`;
      process.stderr.write(`removed ${programs} programs from ${printable(capture.pinPath)}${lost}\n`);
    });
}
