import { FileRefusal } from '../files/file-refusal.ts';
import { readFile } from '../files/read-file.ts';
import { parseYaml, YAML_BYTES_MAX, type YamlText } from './yaml-text.ts';

/**
 * Reads and parses a file that decides what this program does.
 * @throws FileRefusal, or the Error of the system call
 */
export function readYaml(path: string): YamlText {
  return parseYaml(readFile(path, { maxBytes: YAML_BYTES_MAX, trusted: true }).bytes);
}

/** The cause of a failure to read a file, for a message that names the file first. */
export function unreadable(error: unknown): string {
  if (error instanceof FileRefusal) return `${error.message}; try: ${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}
