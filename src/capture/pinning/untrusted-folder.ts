/** A folder that belongs to another user, or that one could replace: neither its content nor its name can be trusted. */
export class UntrustedFolder extends Error {
  override readonly name = 'UntrustedFolder';
  /** What the user can do about it. */
  readonly advice: string;

  constructor(message: string, advice: string) {
    super(message);
    this.advice = advice;
  }
}

/** Root and this process's own user, who can control this process in any case. */
export function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}
