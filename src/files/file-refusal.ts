/** A file could be opened and is not used, because of its type, its owner, or who may write to it. */
export class FileRefusal extends Error {
  override readonly name = 'FileRefusal';
  /** What to do about it. */
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** The hint of a FileRefusal; `otherwise` for any other error. */
export function hintOr(error: unknown, otherwise: string | undefined): string | undefined {
  return error instanceof FileRefusal ? error.hint : otherwise;
}
