import { emitKeypressEvents } from 'node:readline';

interface Key {
  readonly name?: string;
  readonly ctrl?: boolean;
}

/**
 * Listens for `d` (details) and `q` (quit) on a terminal. In raw mode Ctrl-C raises no signal, so SIGINT is sent here.
 * @returns a function that restores the terminal
 */
export function listenForKeys(terminal: NodeJS.ReadStream, onDetails: () => void): () => void {
  emitKeypressEvents(terminal);
  terminal.setRawMode(true);
  const onKey = (_text: string | undefined, { name, ctrl }: Key) => {
    if (name === 'd') onDetails();
    else if (name === 'q' || (ctrl && name === 'c')) process.kill(process.pid, 'SIGINT');
  };
  terminal.on('keypress', onKey);
  return () => {
    terminal.off('keypress', onKey);
    terminal.setRawMode(false);
    terminal.pause();
  };
}
