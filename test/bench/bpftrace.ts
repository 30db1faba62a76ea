import { statSync } from 'node:fs';
import { AptSuite } from '../vm/apt.ts';
import { CpioArchive } from '../vm/cpio.ts';

/** Debian's release of the rest of the guest's userland. */
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
/** Archive for a guest that runs bpftrace, 200 MB. @throws Error when a package cannot be downloaded */
export function bpftraceArchive(): Buffer {
  const apt = new AptSuite(SUITE, 'amd64');
  const archive = new CpioArchive();
  for (const [name, files] of Object.entries(PACKAGES)) {
    const folder = apt.unpack(name);
    archive.tree('', folder, path => files.test(path) || statSync(path).isDirectory());
  }
  return archive.finish();
}
