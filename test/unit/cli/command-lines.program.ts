import { text } from 'node:stream/consumers';

/** Runs hundreds of command lines in one process, which is faster than a start of Node.js for each. */
export interface CommandLine {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Separates the output of the command lines on both streams. */
export const BOUNDARY = '\u2550\u2550\u2550 ';

if (import.meta.main) {
  const lines: readonly CommandLine[] = JSON.parse(await text(process.stdin));
  const boundary = (index: number): void => {
    process.stdout.write(`${BOUNDARY}${index}\n`);
    process.stderr.write(`${BOUNDARY}${index}\n`);
  };
  const { prepareOutput, runProgram } = await import('../../../src/cli/program.ts');
  prepareOutput();
  for (const [index, { args, env }] of lines.entries()) {
    boundary(index);
    await runProgram(args, env);
  }
  process.exit();
}
