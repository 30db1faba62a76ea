import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/**
 * A server that accepts connections and never sends anything.
 * @returns its port
 */
export async function silentServer(t: TestContext): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/**
 * A port on which a connection is neither accepted nor refused: its backlog is full, and the kernel drops further SYNs, as a
 * firewall does.
 */
export async function blackHole(t: TestContext): Promise<number> {
  // Node.js accepts every connection at once; this server accepts none
  const listener = spawn(
    'python3',
    [
      '-c',
      "import socket,time\ns=socket.socket();s.bind(('127.0.0.1',0));s.listen(0);print(s.getsockname()[1],flush=True);time.sleep(3600)",
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  t.after(() => listener.kill('SIGKILL'));
  const port = Number(String((await once(listener.stdout, 'data'))[0]));
  // the kernel queues one more than the backlog
  const first = connect(port, '127.0.0.1');
  const others = [1, 2, 3].map(() => connect(port, '127.0.0.1').on('error', () => undefined));
  t.after(() => {
    for (const socket of [first, ...others]) socket.destroy();
  });
  await once(first, 'connect');
  return port;
}
