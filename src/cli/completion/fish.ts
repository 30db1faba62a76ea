import type { Completable } from './completable.ts';

/** A completion script for fish. */
export function fishCompletion(places: readonly Completable[]): string {
  const descriptions = new Map(places.map(({ path, description }) => [path.join(' '), description]));
  const lines = places.flatMap(({ path, commands, options, choices }) => {
    const here = condition(path.slice(1), commands);
    return [
      ...commands.map(name => [
        here,
        '-f',
        `-a ${name}`,
        describe(descriptions.get([...path, name].join(' ')) ?? ''),
      ]),
      ...(choices.length === 0 ? [] : [[here, '-f', `-a '${choices.join(' ')}'`]]),
      ...options.map(({ long, short, description, takesValue, choices: values }) => [
        here,
        `-l ${long.replace(/^--/, '')}`,
        ...(short === undefined ? [] : [`-s ${short.replace(/^-/, '')}`]),
        ...(takesValue ? ['-r'] : []),
        ...(values.length === 0 ? [] : [`-f -a '${values.join(' ')}'`]),
        describe(description),
      ]),
    ];
  });
  const head = '# fish completion of memwarden: memwarden completion fish | source\n';
  return head + lines.map(words => `complete -c memwarden ${words.join(' ')}\n`).join('');
}

/** A condition of fish: the words typed so far name this command and none of its subcommands. */
function condition(path: readonly string[], commands: readonly string[]): string {
  const seen = path.map(name => `__fish_seen_subcommand_from ${name}`);
  const beyond = commands.length === 0 ? [] : [`not __fish_seen_subcommand_from ${commands.join(' ')}`];
  return `-n '${[...seen, ...beyond].join('; and ')}'`;
}

function describe(text: string): string {
  return `-d '${text.replace(/['\\]/g, '\\$&')}'`;
}
