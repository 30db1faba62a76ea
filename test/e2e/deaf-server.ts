import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * A server that hangs up on everybody, on the port of a Collector that is not there yet: like it, it cannot be talked
 * to; unlike it, it counts who tries.
 */
export class DeafServer implements AsyncDisposable {
  readonly #server: Server;
  #attempts = 0;
  #attempted = Promise.withResolvers<void>();

  private constructor() {
    this.#server = createServer(socket => {
      this.#attempts++;
      this.#attempted.resolve();
      socket.on('error', () => undefined).destroy();
    });
  }

  static async listen(port: number): Promise<DeafServer> {
    const deaf = new DeafServer();
    deaf.#server.listen(port, '127.0.0.1');
    await once(deaf.#server, 'listening');
    return deaf;
  }

  /** Waits until somebody has tried `count` times. */
  async attempts(count: number): Promise<void> {
    while (this.#attempts < count) {
      this.#attempted = Promise.withResolvers();
      await this.#attempted.promise;
    }
  }

  /** Leaves the port to the Collector; the second time nothing happens. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }
}
