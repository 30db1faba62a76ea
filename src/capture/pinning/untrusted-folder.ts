/** A folder that is, or can be exchanged by, somebody else's: nothing in it may be believed, nor anything put there. */
export class UntrustedFolder extends Error {
  override readonly name = 'UntrustedFolder';
  /** What a person can do about it. */
  readonly advice: string;

  constructor(message: string, advice: string) {
    super(message);
    this.advice = advice;
  }
}

/** Whether a user can do nothing to this process that they may not do anyway: the superuser, and this process's own. */
export function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}
