import { statSync } from 'node:fs';
import { AptSuite } from '../vm/apt.ts';
import { CpioArchive } from '../vm/cpio.ts';

/** Of the release that the rest of the guest's userland is from. */
const SUITE = 'bookworm';
/** Debian's bpftrace with the libraries that a guest does not have anyway. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  bpftrace: /\/bin\/bpftrace$/,
  libbpfcc: /\.so/,
  'libclang1-14': /\.so/,
  libllvm14: /\.so/,
  libdw1: /\.so/,
  libedit2: /\.so/,
  libffi8: /\.so/,
  libicu72: /\.so/,
  libxml2: /\.so/,
  'libz3-4': /\.so/,
  libbsd0: /\.so/,
  'libbz2-1.0': /\.so/,
  libmd0: /\.so/,
};
/** What a guest gets on top to run bpftrace; a fifth of a gigabyte. @throws Error when a package cannot be had */
export function bpftraceArchive(): Buffer {
  const apt = new AptSuite(SUITE, 'amd64');
  const archive = new CpioArchive();
  for (const [name, files] of Object.entries(PACKAGES)) {
    const folder = apt.unpack(name);
    archive.tree('', folder, path => files.test(path) || statSync(path).isDirectory());
  }
  return archive.finish();
}
