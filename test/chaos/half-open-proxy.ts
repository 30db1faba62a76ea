import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** A TCP proxy whose connections can be made to lead nowhere while both ends believe in them. */
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

  /** Forgets the connections there are, without a word to either end; new ones work. */
  forget(): void {
    for (const [client, target] of this.#pairs) {
      client.unpipe(target);
      target.unpipe(client);
      // Read and thrown away: the client's writes go through, and nothing ever comes back.
      client.resume();
      target.resume();
    }
  }
}
