import type { Socket } from 'node:net';

/**
 * Few, because whoever may reach the port may open as many as the kernel has numbers: far below the descriptors that the
 * sidecar has (FILES_NEEDED of src/cli/machine.ts), and more than probes and scrapes ever are at a time.
 */
const CONNECTIONS_MAX = 256;

/** From accept to close, ms: for a request that comes byte by byte, or not at all, and an answer that nobody reads. */
const LIFETIME_MILLIS = 5_000;

/**
 * The open connections of a server, oldest first. A new one is always let in, at the cost of the oldest: whoever holds all
 * of them holds none against an honest client, which has asked and got its answer long before it is the oldest.
 */
export class Connections {
  readonly #lifetimes = new Map<Socket, NodeJS.Timeout>();

  admit(socket: Socket): void {
    for (const [oldest] of this.#lifetimes) {
      if (this.#lifetimes.size < CONNECTIONS_MAX) break;
      this.#end(oldest);
    }
    const lifetime = setTimeout(() => this.#end(socket), LIFETIME_MILLIS).unref();
    this.#lifetimes.set(socket, lifetime);
    socket.once('close', () => this.#forget(socket));
  }

  endAll(): void {
    for (const [socket] of this.#lifetimes) this.#end(socket);
  }

  #end(socket: Socket): void {
    this.#forget(socket);
    // not a FIN, after which the kernel would go on offering the rest of an answer to a client that does not read
    socket.resetAndDestroy();
  }

  #forget(socket: Socket): void {
    clearTimeout(this.#lifetimes.get(socket));
    this.#lifetimes.delete(socket);
  }
}
