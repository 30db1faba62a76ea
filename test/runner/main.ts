/**
 * `node test/runner/main.ts NAME [WORD…]`: runs a command of commands.ts within its limits. Words that are test files take
 * the place of the command's own files; other words are added to it.
 */
import { COMMANDS } from './commands.ts';
import { Keeper } from './keeper.ts';

const [name = '', ...words] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) {
  throw new Error(
    `failed to run '${name}': there is no such command; try ${Object.keys(COMMANDS).join(', ')}`,
  );
}
const isFile = (word: string) => word.endsWith('.test.ts');
const own = words.some(isFile) ? command.words.filter(word => !isFile(word)) : command.words;
process.exitCode = await Keeper.run({ ...command, words: own }, words);
