import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** A TCP proxy that can make its connections half-open: both ends take them for established, but no data passes. */
export class HalfOpenProxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();

  private constructor(targetPort: number) {
    this.#server = createServer(client => {
      const target = connect(targetPort, '127.0.0.1');
      const pair = [client, target] as const;
      this.#pairs.add(pair);
      for (const socket of pair) {
        socket.on('error', () => undefined);
        socket.on('close', () => this.#pairs.delete(pair));
      }
      client.pipe(target).pipe(client);
    });
  }

  static async start(t: TestContext, targetPort: number): Promise<HalfOpenProxy> {
    const proxy = new HalfOpenProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    t.after(() => {
      proxy.#server.close();
      for (const pair of proxy.#pairs) for (const socket of pair) socket.destroy();
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Makes the existing connections half-open, without FIN or RST; new connections work. */
  forget(): void {
    for (const [client, target] of this.#pairs) {
      client.unpipe(target);
      target.unpipe(client);
      // read and discarded: the client's writes succeed, and no response ever comes back
      client.resume();
      target.resume();
    }
  }
}
