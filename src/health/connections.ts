import type { Socket } from 'node:net';

/**
 * Most open connections. Every client that reaches the port can open as many as it likes, so the limit is far below the
 * sidecar's file descriptors (src/service/descriptors.ts), and above the number of concurrent probes and scrapes.
 */
const CONNECTIONS_MAX = 256;

/** Longest life of a connection, ms. It bounds slow requests, missing requests and answers that the client does not read. */
const LIFETIME_MILLIS = 5_000;

/**
 * The open connections of a server, oldest first. A new connection is always accepted; at the limit the oldest is closed.
 * So a client that opens all connections cannot lock others out: an honest client has its answer long before its
 * connection is the oldest.
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
    // RST and not FIN: after a FIN the kernel would keep the unsent rest of an answer for a client that does not read
    socket.resetAndDestroy();
  }

  #forget(socket: Socket): void {
    clearTimeout(this.#lifetimes.get(socket));
    this.#lifetimes.delete(socket);
  }
}
