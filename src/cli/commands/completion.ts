import { Argument, type Command } from 'commander';
import { bashCompletion, zshCompletion } from '../completion/bash.ts';
import { completables } from '../completion/completable.ts';
import { fishCompletion } from '../completion/fish.ts';

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

const EXAMPLES = `
Examples:
  eval "$(memwarden completion bash)"
  memwarden completion bash > /etc/bash_completion.d/memwarden
  memwarden completion fish | source`;

/** `memwarden completion SHELL`: generated from the commands themselves. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script that has a shell complete commands, flags and their values')
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', EXAMPLES)
    .action((shell: keyof typeof SCRIPTS) => {
      process.stdout.write(SCRIPTS[shell](completables(program, 'run')));
    });
}
