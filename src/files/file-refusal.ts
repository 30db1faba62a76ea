/** Why a file is not used though it could be opened: what it is, whose, or who may write it. */
export class FileRefusal extends Error {
  override readonly name = 'FileRefusal';
  /** What to do about it. */
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** What to advise after a failure: the refusal's own hint, where it is one. */
export function hintOf(error: unknown, otherwise: string | undefined): string | undefined {
  return error instanceof FileRefusal ? error.hint : otherwise;
}
