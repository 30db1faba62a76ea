import { text } from 'node:stream/consumers';

/** Runs hundreds of command lines in one process, which is faster than a start of Node.js for each. */
export interface CommandLine {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Separates the output of the command lines on both streams. */
export const BOUNDARY = '\u2550\u2550\u2550 ';

/** For a hang: the test reads all the time. */
const FLUSH_MILLIS = 60_000;

if (import.meta.main) {
  const lines: readonly CommandLine[] = JSON.parse(await text(process.stdin));
  const { standardError } = await import('../../../src/standard-streams/standard-error.ts');
  const boundary = async (index: number): Promise<void> => {
    // messages of the one before may still wait for the pipe
    await standardError.flush(FLUSH_MILLIS);
    process.stdout.write(`${BOUNDARY}${index}\n`);
    process.stderr.write(`${BOUNDARY}${index}\n`);
  };
  const { prepareOutput, runProgram } = await import('../../../src/cli/program.ts');
  prepareOutput();
  for (const [index, { args, env }] of lines.entries()) {
    await boundary(index);
    await runProgram(args, env);
  }
  await standardError.flush(FLUSH_MILLIS);
  process.exit();
}
