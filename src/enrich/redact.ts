import { REDACTED, redactArgument } from './redact-argument.ts';
import { isSecretName } from './secret-name.ts';

/** A short option of some programs that is followed by a password, in the same argument or in the next one. */
interface ShortOption {
  readonly program: RegExp;
  readonly option: RegExp;
  /** The value may also be the next argument. */
  readonly separate: boolean;
  /** The subcommand that must come before it; in other subcommands the option has another meaning. */
  readonly command?: string;
}

const SHORT_OPTIONS: readonly ShortOption[] = [
  // `mysql -p database` prompts for the password: only the attached form contains it
  { program: /^(?:mysql|mariadb)/, option: /^-p/, separate: false },
  { program: /^(?:7z[ar]?|7zz|rar|unrar)$/, option: /^-h?p/, separate: false },
  { program: /^(?:sshpass|mongo\w*)$/, option: /^-p/, separate: true },
  {
    program: /^(?:docker|podman|nerdctl|buildah|skopeo|helm|oras|az)$/,
    option: /^-p/,
    separate: true,
    command: 'login',
  },
  { program: /^(?:zip|unzip|zipcloak|sqlcmd|bcp)$/, option: /^-P/, separate: true },
  { program: /^(?:redis-cli|valkey-cli)$/, option: /^-a/, separate: true },
  { program: /^ldap\w+$/, option: /^-w/, separate: true },
  { program: /^snmp\w+$/, option: /^-[AXc]/, separate: true },
  { program: /^x?freerdp\d?$/, option: /^\/p:/, separate: false },
];

/** Options whose value is `user:password` or `user%password`. */
const USER_OPTIONS: readonly { readonly program: RegExp; readonly option: RegExp; readonly user: RegExp }[] =
  [
    { program: /^curl$/, option: /^(?:-[uU]|--(?:proxy-)?user(?:=|$))/, user: /^[^:]*:/ },
    { program: /^https?$/, option: /^(?:-a|--auth(?:=|$))/, user: /^[^:]*:/ },
    { program: /^(?:smb\w+|rpcclient|net|winexe)$/, option: /^(?:-U|--user(?:=|$))/, user: /^[^%]*%/ },
  ];

/** Programs of both tables. */
const PROGRAMS = [...SHORT_OPTIONS, ...USER_OPTIONS].map(({ program }) => program);

/** An option, `--db-password`, or the name of a setting, `aws_secret_access_key`, whose value is the next argument. */
const NAME_ALONE = /^(?:-{1,2}[A-Za-z][\w.-]+|(?=[A-Za-z]\w*[._])[\w.]+)$/;

/** A word of shell text, in which quoted spaces may occur. */
const SHELL_WORD = /(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+|['"\\]/gs;
const SHELL_OPERATOR = /^[|&;]+$|[;|&]$/;

/** How the next argument is redacted: as a whole, or, by the pattern of the user part, its password. */
type Next = 'secret' | RegExp | undefined;

/** Redacts the password of `user:password`; a value without a password is returned unchanged. */
function withoutPassword(value: string, user: RegExp): string {
  const name = user.exec(value)?.[0];
  return name === undefined ? value : name + REDACTED;
}

/** Reads the arguments of one command in order; an option may make the next argument a secret. */
class Command {
  readonly #seen = new Set<string>();
  readonly #programs = new Set<RegExp>();
  #next: Next;

  /** @param rest redacts an argument that is neither the value of the one before it nor such an option */
  redact(argument: string, rest: (argument: string) => string): string {
    const next = this.#next;
    this.#next = undefined;
    const redacted = this.#asValue(argument, next) ?? this.#asOption(argument) ?? rest(argument);
    this.#remember(argument.slice(argument.lastIndexOf('/') + 1));
    return redacted;
  }

  #remember(word: string): void {
    if (this.#seen.has(word)) return;
    this.#seen.add(word);
    for (const program of PROGRAMS) if (program.test(word)) this.#programs.add(program);
  }

  #asValue(argument: string, next: Next): string | undefined {
    // an option instead of a value: the option before it is a switch
    if (next === undefined || argument === '' || argument.startsWith('-')) return undefined;
    return next === 'secret' ? REDACTED : withoutPassword(argument, next);
  }

  #asOption(argument: string): string | undefined {
    for (const { program, option, separate, command } of SHORT_OPTIONS) {
      const start = option.exec(argument)?.[0];
      if (start === undefined || !this.#programs.has(program)) continue;
      if (command !== undefined && !this.#seen.has(command)) continue;
      if (start.length < argument.length) return start + REDACTED;
      if (separate) this.#next = 'secret';
      return argument;
    }
    for (const { program, option, user } of USER_OPTIONS) {
      const start = option.exec(argument)?.[0];
      if (start === undefined || !this.#programs.has(program)) continue;
      const value = argument.slice(start.length);
      if (value === '') this.#next = user;
      return start + withoutPassword(value, user);
    }
    if (NAME_ALONE.test(argument) && isSecretName(argument)) this.#next = 'secret';
    return undefined;
  }
}

/** Shell text (`sh -c '…'`) is redacted word by word, like arguments; anything else as one argument. */
function redactWords(argument: string): string {
  const whole = redactArgument(argument);
  if (!/\s/.test(whole)) return whole;
  let command = new Command();
  return whole.replace(SHELL_WORD, word => {
    const [, quote = '', quoted = ''] = /^(['"])(.*)\1$/s.exec(word) ?? [];
    const redacted =
      quote === ''
        ? command.redact(word, redactArgument)
        : `${quote}${command.redact(quoted, redactWords)}${quote}`;
    if (SHELL_OPERATOR.test(word)) command = new Command();
    return redacted;
  });
}

/**
 * The arguments of a program with passwords, tokens and keys replaced by `[redacted]`. A secret is recognised by its name
 * (`--password`, `API_TOKEN=`, `X-Api-Key:`), by its position (URLs, `curl -u`, `mysql -p…`) and by its format (tokens of
 * known services, private keys, JSON web tokens), also inside shell text. Names, user names and hosts are kept.
 */
export function redactArguments(args: readonly string[]): string[] {
  const command = new Command();
  return args.map(argument => command.redact(argument, redactWords));
}
