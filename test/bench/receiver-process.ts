import { join } from 'node:path';
import { Child } from './child.ts';

/** The receiver of receiver.ts in a process of its own. */
export class Receiver {
  readonly #child: Child;
  readonly endpoint: string;

  private constructor(child: Child, port: string) {
    this.#child = child;
    this.endpoint = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<Receiver> {
    const child = new Child(process.execPath, [join(import.meta.dirname, 'receiver.ts')]);
    return new Receiver(child, await child.line());
  }

  /** Records acknowledged so far. */
  async records(): Promise<number> {
    this.#child.say();
    return Number(await this.#child.line());
  }

  async stop(): Promise<void> {
    await this.#child.end();
  }
}
