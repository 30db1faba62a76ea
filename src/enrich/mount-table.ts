/** One mount as a process sees it: proc_pid_mountinfo(5). */
export interface Mount {
  /** Directory of the file system that is mounted: `/`, or something below it for a bind mount. */
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
}

/** mountinfo writes spaces, tabs, newlines and backslashes in octal. */
function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The mounts in the text of a mountinfo file, in the order of mounting; lines of another form are skipped. */
export function parseMounts(text: string): readonly Mount[] {
  return text.split('\n').flatMap(line => {
    const [fixed = '', tail = ''] = line.split(' - ');
    const [, , , root, mountPoint] = fixed.split(' ');
    const [type] = tail.split(' ');
    if (root === undefined || mountPoint === undefined || !type) return [];
    return [{ root: unescapeOctal(root), mountPoint: unescapeOctal(mountPoint), type }];
  });
}

/** The path of a file below a directory, without a leading slash; undefined when it is not below it. */
export function below(directory: string, path: string): string | undefined {
  if (path === directory) return '';
  const prefix = directory === '/' ? '/' : `${directory}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
}

/** The mount of a path without symbolic links: the deepest one, and of several on one directory the last. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  return mounts.reduce<Mount | undefined>(
    (best, mount) =>
      below(mount.mountPoint, path) !== undefined && mount.mountPoint.length >= (best?.mountPoint.length ?? 0)
        ? mount
        : best,
    undefined,
  );
}
