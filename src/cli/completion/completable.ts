import type { Command, Option } from 'commander';
import { choicesOfFlag } from '../setting-flags.ts';

/** An option as a shell completes it. */
export interface CompletableOption {
  readonly long: string;
  readonly short: string | undefined;
  readonly description: string;
  /** An argument follows. */
  readonly takesValue: boolean;
  /** Empty: any text, or a file. */
  readonly choices: readonly string[];
}

/** A command, or a group of commands, as a shell completes it. */
export interface Completable {
  /** Words that lead to it, the program's name first. */
  readonly path: readonly string[];
  readonly description: string;
  readonly commands: readonly string[];
  readonly options: readonly CompletableOption[];
  /** What its first argument may be. */
  readonly choices: readonly string[];
}

/**
 * Every place in a program where a shell can be asked for completions; the program first.
 * @param defaultCommand its options may follow the program's name too
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
