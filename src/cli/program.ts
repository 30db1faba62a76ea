import { Command, CommanderError } from 'commander';
import { MemwardenError } from '../errors.ts';
import { describeError } from '../printing/describe-error.ts';
import { guardOutput } from '../printing/guard-output.ts';
import { printable } from '../printing/printable.ts';
import { keepSecretsOfText } from '../printing/secrets.ts';
import { columnsOf, wrap } from '../printing/wrap.ts';
import { EXIT, EXIT_MEANINGS, EXIT_OF_ERROR, type ExitCode } from '../service/exit-codes.ts';
import { reportUncaughtErrors } from '../service/uncaught.ts';
import { standardError } from '../standard-streams/standard-error.ts';
import { SCOPE } from '../telemetry/record/scope.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addDetach } from './commands/detach.ts';
import { addDoctor } from './commands/doctor.ts';
import { addExceptions } from './commands/exceptions.ts';
import { addExplain } from './commands/explain.ts';
import { addRecord } from './commands/record.ts';
import { addReplay } from './commands/replay.ts';
import { addRun } from './commands/run.ts';
import { addSignatures } from './commands/signatures.ts';
import { addSpool } from './commands/spool.ts';
import { addTail } from './commands/tail.ts';
import type { Context } from './context.ts';

/** Width that commander assumes where there is no terminal. */
const HELP_COLUMNS = 80;

const EXAMPLES = `
Examples:
  sudo memwarden --exporter console --pretty       see detections here
  sudo memwarden --endpoint http://collector:4317  send them to a collector
  sudo memwarden doctor                            what this kernel allows
  memwarden signatures                             what is detected
  memwarden config show                            settings, and where each is set`;

/** Once, before anything is printed. */
export function prepareOutput(): void {
  guardOutput(process.stdout);
  guardOutput(process.stderr);
}

/**
 * Runs one command line.
 *
 * @returns the exit status; an error has been printed to stderr by then
 */
export async function runProgram(args: readonly string[], env: NodeJS.ProcessEnv): Promise<ExitCode> {
  reportUncaughtErrors();
  for (const word of args) keepSecretsOfText(word);
  keepSecretsOfProxies(env);
  let code: ExitCode = EXIT.ok;
  const program = createProgram({
    env,
    finish: status => {
      code = status;
    },
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return printError(error);
  }
}

/** The gRPC library reads the proxy variables itself, and quotes them in its errors. */
function keepSecretsOfProxies(env: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(env))
    if (/_proxy$/i.test(name) && value !== undefined) keepSecretsOfText(value);
}

export function createProgram(context: Context): Command {
  const program = new Command('memwarden')
    .description(
      'Sees, in the Linux kernel, which process reads or writes whose memory, and reports it to an OpenTelemetry collector.',
    )
    .version(SCOPE.version)
    .helpCommand('help [command]', 'show the help of a command')
    .exitOverride()
    .configureOutput({ outputError: (message, write) => write(`${printableUsageError(message)}\n`) })
    .showHelpAfterError('(add --help to see what there is)')
    .addHelpText('after', EXAMPLES)
    .addHelpText('after', `\nExit status:\n${exitTable()}`);
  for (const add of [
    addRun,
    addTail,
    addDoctor,
    addSignatures,
    addConfig,
    addExceptions,
    addExplain,
    addRecord,
    addReplay,
    addSpool,
    addDetach,
    addCompletion,
  ])
    add(program, context);
  return program;
}

/** A message of commander: quotes what was typed, and has a suggestion on a line of its own, which is kept as it is. */
function printableUsageError(message: string): string {
  const text = message.trimEnd();
  const suggestion = /\n\(Did you mean [^\n]*\)$/.exec(text)?.[0] ?? '';
  const words = text.slice(0, text.length - suggestion.length);
  return `${printable(words)}${suggestion}`;
}

function exitTable(): string {
  return Object.entries(EXIT_MEANINGS)
    .map(([name, meaning]) => {
      const status = String(EXIT[name as keyof typeof EXIT]).padStart(5);
      return `${status}  ${wrap(meaning, 7, columnsOf(process.stdout) ?? HELP_COLUMNS)}`;
    })
    .join('\n');
}

/** Prints an error, without a stack where it is one of the catalogue (src/errors.ts). */
function printError(error: unknown): ExitCode {
  // commander has printed its message, or the help, already
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof MemwardenError) {
    const hint = error.hint === undefined ? '' : `\ntry: ${wrapLines(error.hint, 5)}`;
    standardError.write(`${wrapLines(`memwarden: ${error.message}`, 2)}${hint}\n`);
    return EXIT_OF_ERROR[error.code];
  }
  standardError.write(`memwarden: failed unexpectedly: ${describeError(error).join('\n')}\n`);
  return EXIT.failure;
}

/** Wraps each line to the terminal; continued lines are indented. */
function wrapLines(text: string, indent: number): string {
  return text
    .split('\n')
    .map(line => wrap(line, indent, columnsOf(process.stderr)))
    .join(`\n${' '.repeat(indent)}`);
}
