import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

const DIRECTORY = 0o040000;
const REGULAR = 0o100000;
const SYMLINK = 0o120000;

/**
 * Writes an initramfs archive in the "newc" format of the kernel's buffer-format document: everything belongs to
 * root and has time 0, so that equal content gives equal bytes. The kernel unpacks archives put one behind the other.
 */
export class CpioArchive {
  readonly #parts: Buffer[] = [];
  readonly #folders = new Set<string>();
  #inode = 0;

  file(path: string, content: Buffer | string, mode = 0o644): this {
    return this.#add(path, REGULAR | mode, Buffer.from(content));
  }

  symlink(path: string, target: string): this {
    return this.#add(path, SYMLINK | 0o777, Buffer.from(target));
  }

  folder(path: string, mode = 0o755): this {
    this.#folders.add(path);
    return this.#add(path, DIRECTORY | mode, Buffer.alloc(0));
  }

  /** Adds a folder of the host with all that is in it, but for the entries that `keep` refuses. */
  tree(path: string, source: string, keep: (source: string) => boolean = () => true): this {
    for (const entry of readdirSync(source, { withFileTypes: true })) {
      const from = join(source, entry.name);
      const to = `${path}/${entry.name}`;
      if (!keep(from)) continue;
      if (entry.isSymbolicLink()) this.symlink(to, readlinkSync(from));
      else if (entry.isDirectory()) this.tree(to, from, keep);
      else if (entry.isFile()) this.#copy(to, from);
    }
    return this;
  }

  #copy(path: string, source: string): void {
    try {
      this.file(path, readFileSync(source), statSync(source).mode & 0o777);
    } catch (error) {
      // A compiler that runs meanwhile renames and removes its temporary files.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  /** The archive's bytes; nothing may be added afterwards. */
  finish(): Buffer {
    this.#add('TRAILER!!!', 0, Buffer.alloc(0));
    return Buffer.concat(this.#parts);
  }

  #add(path: string, mode: number, content: Buffer): this {
    const name = path.replace(/^\/+/, '');
    if (name.includes('/')) this.#parents(name);
    const fields = [
      ++this.#inode,
      mode,
      0,
      0,
      1,
      0,
      content.length,
      0,
      0,
      0,
      0,
      Buffer.byteLength(name) + 1,
      0,
    ];
    const header = `070701${fields.map(field => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
    this.#parts.push(padded(Buffer.from(header)), padded(content));
    return this;
  }

  #parents(name: string): void {
    const parent = name.slice(0, name.lastIndexOf('/'));
    if (this.#folders.has(parent)) return;
    this.folder(parent);
  }
}

function padded(bytes: Buffer): Buffer {
  const missing = -bytes.length & 3;
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)]);
}
