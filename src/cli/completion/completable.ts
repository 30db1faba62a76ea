import type { Command, Option } from 'commander';
import { choicesOfFlag } from '../setting-flags.ts';

/** An option, for a completion script. */
export interface CompletableOption {
  readonly long: string;
  readonly short: string | undefined;
  readonly description: string;
  /** The option has an argument. */
  readonly takesValue: boolean;
  /** Values of the argument; empty: any text, or a file. */
  readonly choices: readonly string[];
}

/** A command or group of commands, for a completion script. */
export interface Completable {
  /** The words of the command line up to it, the program's name first. */
  readonly path: readonly string[];
  readonly description: string;
  readonly commands: readonly string[];
  readonly options: readonly CompletableOption[];
  /** Values of its first argument. */
  readonly choices: readonly string[];
}

/**
 * Every command and group of a program, the program itself first.
 * @param defaultCommand the command that runs without its name: its options are those of the program too
 */
export function completables(program: Command, defaultCommand: string): readonly Completable[] {
  const found = visit(program, []);
  const [root, ...others] = found;
  if (root === undefined) return [];
  const own = new Set(root.options.map(({ long }) => long));
  const inherited = others.find(({ path }) => path[1] === defaultCommand)?.options ?? [];
  const options = [...root.options, ...inherited.filter(({ long }) => !own.has(long))];
  return [{ ...root, options }, ...others];
}

function visit(command: Command, parents: readonly string[]): readonly Completable[] {
  const path = [...parents, command.name()];
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const self: Completable = {
    path,
    description: command.description(),
    commands: commands.map(inner => inner.name()),
    options: help.visibleOptions(command).map(completableOption),
    choices: command.registeredArguments[0]?.argChoices ?? [],
  };
  return [self, ...command.commands.flatMap(inner => visit(inner, path))];
}

function completableOption({
  long,
  short,
  description,
  required,
  optional,
  argChoices,
}: Option): CompletableOption {
  const name = long ?? '';
  const takesValue = required || optional;
  const choices = takesValue ? (argChoices ?? choicesOfFlag(name)) : [];
  return { long: name, short, description, takesValue, choices };
}
