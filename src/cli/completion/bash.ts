import type { Completable } from './completable.ts';

/** A completion script for bash, or, through bashcompinit, for zsh. */
export function bashCompletion(places: readonly Completable[]): string {
  const paths = places.slice(1).map(({ path }) => quote(path));
  const values = new Map<string, readonly string[]>();
  for (const { long, choices } of places.flatMap(({ options }) => options)) {
    if (choices.length > 0) values.set(long, choices);
  }
  return `# bash completion of memwarden: eval "$(memwarden completion bash)"
_memwarden() {
	local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} place=memwarden words= word
	for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case "$place $word" in
		${paths.join(' | ')}) place="$place $word" ;;
		esac
	done
	case "$previous" in
${[...values].map(([long, choices]) => `\t${long}) words='${choices.join(' ')}' ;;\n`).join('')}\t*)
		case "$place" in
${places.map(place => `\t\t${quote(place.path)}) words='${wordsAt(place).join(' ')}' ;;\n`).join('')}\t\tesac
		;;
	esac
	COMPREPLY=($(compgen -W "$words" -- "$current"))
	[ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _memwarden memwarden
`;
}

/** zsh runs the script of bash through bashcompinit. */
export function zshCompletion(places: readonly Completable[]): string {
  const head =
    '# zsh completion of memwarden: eval "$(memwarden completion zsh)"\nautoload -U +X bashcompinit && bashcompinit\n';
  return head + bashCompletion(places).replace(/^#.*\n/, '');
}

function wordsAt({ commands, choices, options }: Completable): readonly string[] {
  return [...commands, ...choices, ...options.map(({ long }) => long)];
}

function quote(path: readonly string[]): string {
  return `'${path.join(' ')}'`;
}
