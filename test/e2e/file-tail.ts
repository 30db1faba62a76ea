import { existsSync, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** A file that another process writes. */
export class FileTail {
  readonly #path: string;

  /** @param path in an existing folder; the file itself can be created later */
  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<string> {
    return existsSync(this.#path) ? await readFile(this.#path, 'utf8') : '';
  }

  /**
   * Waits until the content satisfies `enough` and returns it; reads only after a change of the file.
   *
   * @throws Error after `timeoutMillis`.
   */
  async until(enough: (content: string) => boolean, timeoutMillis = 30_000): Promise<string> {
    const { promise: timedOut, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`nothing of what was awaited came to ${this.#path} in ${timeoutMillis} ms`)),
      timeoutMillis,
    );
    let changed = Promise.withResolvers<void>();
    const watcher = watch(dirname(this.#path), (_, name) => {
      if (name === basename(this.#path)) changed.resolve();
    });
    try {
      for (;;) {
        // renewed before reading, so that no change is missed
        changed = Promise.withResolvers<void>();
        const content = await this.read();
        if (enough(content)) return content;
        await Promise.race([changed.promise, timedOut]);
      }
    } finally {
      clearTimeout(timer);
      watcher.close();
    }
  }
}
