import { Child } from './child.ts';
import { program } from './programs.ts';

/** A storm of accesses to the memory of other processes; programs/storm.c. */
export interface StormOptions {
  readonly method: 'open' | 'readv';
  readonly actors: number;
  readonly targets: number;
  /** Accesses a second; 0: as many as can be made. */
  readonly rate: number;
  readonly seconds: number;
}

/** Starts the victims; the accesses begin when `run` is called. @returns their number and the time that they took */
export async function prepareStorm({ method, actors, targets, rate, seconds }: StormOptions) {
  const child = new Child(program('storm'), [method, ...[actors, targets, rate, seconds].map(String)]);
  await child.line();
  return {
    run: async (): Promise<{ readonly acts: number; readonly seconds: number }> => {
      child.say();
      return JSON.parse(await child.line());
    },
  };
}
