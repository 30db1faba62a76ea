/**
 * A path through an open folder, which stays valid if the folder's name is removed or replaced. Pins are accessed this way
 * because bpf(2) before 6.6 takes only paths (kernel commit cb8edce28073 added BPF_F_PATH_FD).
 */
export function below(folder: number, ...names: readonly string[]): string {
  // not path.join, which would resolve a `..` against /proc/self/fd
  return ['/proc/self/fd', folder, ...names].join('/');
}
