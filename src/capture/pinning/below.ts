/**
 * A path through an open folder: it leads there whatever has become of the folder's name. Everything that is pinned is
 * reached this way, because bpf(2) before 6.6 takes paths alone (kernel commit cb8edce28073 added BPF_F_PATH_FD).
 */
export function below(folder: number, ...names: readonly string[]): string {
  // not path.join, which would take a `..` for the descriptor's own parent in /proc
  return ['/proc/self/fd', folder, ...names].join('/');
}
