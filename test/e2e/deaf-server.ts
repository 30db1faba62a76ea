import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * A server that closes every connection, on the port of a Collector that is not running yet. A client gets no answer, as
 * from a closed port, but the attempts are counted.
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

  /** Waits for `count` attempts to connect. */
  async attempts(count: number): Promise<void> {
    while (this.#attempts < count) {
      this.#attempted = Promise.withResolvers();
      await this.#attempted.promise;
    }
  }

  /** Frees the port for the Collector. A second call does nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }
}
