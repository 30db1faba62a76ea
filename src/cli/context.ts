import type { ExitCode } from '../service/exit-codes.ts';

/** What a command is given by the program around it. */
export interface Context {
  readonly env: NodeJS.ProcessEnv;
  /** Sets the exit status; without a call it is 0. */
  finish(code: ExitCode): void;
}
