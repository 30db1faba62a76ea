import type { ExitCode } from '../service/exit-codes.ts';

/** What `createProgram` passes to each command. */
export interface Context {
  readonly env: NodeJS.ProcessEnv;
  /** Sets the exit status; without a call it is 0. */
  finish(code: ExitCode): void;
}
