import { REDACTED, redactArgument } from './redact-argument.ts';
import { APOSTROPHE, BACKSLASH, BLANK, isClass, isQuote, OPERATOR, skip } from './redact-characters.ts';
import { SECRET_OPTIONS, SECRET_PAIRS, SECRET_READERS, type SecretOption } from './redact-options.ts';
import { isSecretName, isSecretPair, mayBeSecretName } from './secret-name.ts';

/** Levels of quoted shell text in shell text: `sh -c 'ssh host "mysql -p…"'` has two. */
const DEPTH_MAX = 3;

/** The options of a program, by their spelling. */
type Options = ReadonlyMap<string, SecretOption>;

/** By the name of the program, and, for a family of programs, by its beginning. */
const BY_PROGRAM = new Map<string, Map<string, SecretOption>>();
const BY_FAMILY = new Map<string, Map<string, SecretOption>>();
for (const option of SECRET_OPTIONS) {
  for (const program of option.programs) {
    const isFamily = program.endsWith('*');
    const name = isFamily ? program.slice(0, -1) : program;
    const map = isFamily ? BY_FAMILY : BY_PROGRAM;
    const options = map.get(name) ?? new Map<string, SecretOption>();
    for (const spelling of option.options) options.set(spelling, option);
    map.set(name, options);
  }
}
const PAIRS_AFTER = new Set(SECRET_PAIRS.map(({ program, after }) => `${program} ${after}`));
const PROGRAMS_OF_PAIRS = new Set(SECRET_PAIRS.map(({ program }) => program));
/** All switches of programs in the table that take them in one argument. */
const SWITCHES = new Set(SECRET_OPTIONS.flatMap(({ switches }) => [...(switches ?? '')]));
/** Subcommands that some row asks for. */
const SUBCOMMANDS = new Set([
  ...SECRET_OPTIONS.flatMap(({ after }) => after ?? []),
  ...SECRET_PAIRS.map(({ after }) => after),
]);
/** First letters of families: most words need no further look. */
const FAMILY_STARTS = new Set([...BY_FAMILY.keys()].map(name => name.charAt(0)));
const FAMILY_LENGTHS = new Set([...BY_FAMILY.keys()].map(name => name.length));
/** Longest name of a program or subcommand in the tables, with what a family may have behind it. */
const PROGRAM_LENGTH_MAX = 24;

/** An option, `--db-password`, or the name of a setting, `aws_secret_access_key`, whose value is the next argument. */
const NAME_ALONE = /^(?:-{1,2}[A-Za-z][\w.-]+|[A-Za-z][\w.-]+:|[A-Za-z][\w.]+)$/;
const MARK_OF_SETTING = /^-|[._:]/;
/** `NAME=value`, `--name=value`. */
const ASSIGNMENT = /^([-/]{0,2}[A-Za-z_][\w.:-]*)=/;
const SWITCH_VALUE = /^(?:true|false|yes|no|on|off|null|none|\d|\[redacted\])$/i;

/** What options that may have their value in the same argument begin with, and their length at most: `-p`, `/p:`, `-hp`. */
const JOINS = '-/';
const JOINED_MAX = 3;

/** How the next argument is redacted. */
type Next = 'secret' | 'secret unless an option' | SecretOption | undefined;

/** Redacts the part of a value behind the sign, or all of it; a value without that sign is returned unchanged. */
function redactValue(value: string, { behind }: Pick<SecretOption, 'behind'>): string {
  if (behind === undefined) return REDACTED;
  const sign = value.indexOf(behind);
  return sign < 0 || sign + 1 === value.length ? value : value.slice(0, sign + 1) + REDACTED;
}

/** Reads the arguments of one command in order; an option may make the next argument a secret. */
class Command {
  #options: Map<string, SecretOption> | undefined;
  /** Those that may stand behind switches, by their letter. */
  #clustered: Map<string, SecretOption> | undefined;
  #subcommands: Set<string> | undefined;
  #pairsOf: string | undefined;
  #pairs = false;
  #next: Next;

  /** @returns the argument, redacted if it is a secret or has one by its place among the others; undefined otherwise */
  redact(argument: string): string | undefined {
    const next = this.#next;
    if (next === undefined && argument.length < 2) return undefined;
    this.#next = undefined;
    const redacted =
      this.#asValue(argument, next) ?? this.#asOption(argument) ?? this.#asAssignment(argument);
    if (redacted === undefined) this.#remember(argument);
    return redacted;
  }

  #remember(argument: string): void {
    const word = argument.slice(argument.lastIndexOf('/') + 1);
    if (word.length > PROGRAM_LENGTH_MAX || word.length < 2 || word.startsWith('-')) return;
    if (SUBCOMMANDS.has(word)) {
      this.#subcommands ??= new Set();
      this.#subcommands.add(word);
      if (this.#pairsOf !== undefined && PAIRS_AFTER.has(`${this.#pairsOf} ${word}`)) this.#pairs = true;
    }
    if (PROGRAMS_OF_PAIRS.has(word)) this.#pairsOf = word;
    this.#addOptions(BY_PROGRAM.get(word));
    if (!FAMILY_STARTS.has(word.charAt(0))) return;
    for (const length of FAMILY_LENGTHS) this.#addOptions(BY_FAMILY.get(word.slice(0, length)));
  }

  #addOptions(options: Options | undefined): void {
    if (options === undefined) return;
    this.#options ??= new Map();
    for (const [spelling, option] of options) {
      this.#options.set(spelling, option);
      if (option.switches === undefined) continue;
      this.#clustered ??= new Map();
      this.#clustered.set(spelling.charAt(1), option);
    }
  }

  #asValue(argument: string, next: Next): string | undefined {
    if (next === undefined || argument === '') return undefined;
    if (next === 'secret unless an option') {
      // the option before it is a switch
      if (argument.startsWith('-') || SWITCH_VALUE.test(argument)) return undefined;
      return REDACTED;
    }
    return next === 'secret' ? REDACTED : redactValue(argument, next);
  }

  #asOption(argument: string): string | undefined {
    const found = this.#optionOf(argument);
    if (found === undefined) {
      if (isNameAlone(argument)) this.#next = 'secret unless an option';
      return undefined;
    }
    const [option, length] = found;
    if (length < argument.length)
      return argument.slice(0, length) + redactValue(argument.slice(length), option);
    if (option.joined !== true) this.#next = option.behind === undefined ? 'secret' : option;
    return argument;
  }

  /** The option of a row that the argument begins with, and the length of that part. */
  #optionOf(argument: string): readonly [option: SecretOption, length: number] | undefined {
    const options = this.#options;
    if (options === undefined) return undefined;
    const equals = argument.startsWith('--') ? argument.indexOf('=') : -1;
    if (equals > 0) {
      const option = options.get(argument.slice(0, equals));
      return option !== undefined && this.#applies(option) ? [option, equals + 1] : undefined;
    }
    const option = options.get(argument);
    if (option !== undefined && this.#applies(option)) return [option, argument.length];
    if (argument.startsWith('--') || !JOINS.includes(argument.charAt(0))) return undefined;
    for (let length = 2; length <= JOINED_MAX && length < argument.length; length++) {
      const joined = options.get(argument.slice(0, length));
      if (joined !== undefined && joined.joined !== false && this.#applies(joined)) return [joined, length];
    }
    return this.#inCluster(argument);
  }

  #applies({ after }: SecretOption): boolean {
    return after === undefined || this.#subcommands?.has(after) === true;
  }

  /** `-skuUSER:PASSWORD`: an option behind switches that have no values. */
  #inCluster(argument: string): readonly [SecretOption, number] | undefined {
    if (this.#clustered === undefined) return undefined;
    let at = 1;
    while (at < argument.length && SWITCHES.has(argument.charAt(at))) at++;
    const option = this.#clustered.get(argument.charAt(at));
    return option && [option, at + 1];
  }

  #asAssignment(argument: string): string | undefined {
    if (argument.startsWith('pass:') && argument.length > 5) return `pass:${REDACTED}`;
    if (!argument.includes('=') || !(this.#pairs || mayBeSecretName(argument))) return undefined;
    const name = ASSIGNMENT.exec(argument)?.[1];
    if (name === undefined || name.length + 1 === argument.length) return undefined;
    const value = argument.slice(name.length + 1);
    const isSecret = (this.#pairs && !name.startsWith('-')) || isSecretPair(name, value.charAt(0));
    if (!isSecret) return undefined;
    return SWITCH_VALUE.test(value) ? argument : `${name}=${REDACTED}`;
  }
}

function isNameAlone(argument: string): boolean {
  return MARK_OF_SETTING.test(argument) && NAME_ALONE.test(argument) && isSecretName(argument);
}

/** A word of shell text, or an operator between commands. */
interface Word {
  readonly start: number;
  readonly end: number;
  readonly isOperator: boolean;
}

/** Splits shell text as a shell does, each character once. */
function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  for (let at = 0; at < text.length; ) {
    const start = at;
    const isOperator = isClass(text, start, OPERATOR);
    if (isOperator) at = skip(text, start, OPERATOR);
    else if (isClass(text, start, BLANK)) {
      at = start + 1;
      continue;
    } else at = wordEnd(text, start);
    words.push({ start, end: at, isOperator });
  }
  return words;
}

function wordEnd(text: string, start: number): number {
  let quote = 0;
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH && quote !== APOSTROPHE) at++;
    else if (quote !== 0) quote = code === quote ? 0 : quote;
    else if (isQuote(text, at)) quote = code;
    else if (isClass(text, at, BLANK | OPERATOR)) break;
  }
  return Math.min(at, text.length);
}

/** Words before a `|` whose reader takes a secret from it: `echo secret | docker login --password-stdin`. */
function secretInputs(text: string, words: readonly Word[]): Set<Word> {
  const secrets = new Set<Word>();
  let before: Word[] = [];
  let current: Word[] = [];
  const close = () => {
    if (before.length > 0 && isReader(current.map(({ start, end }) => text.slice(start, end))))
      for (const word of before) secrets.add(word);
  };
  for (const word of words) {
    if (!word.isOperator) {
      current.push(word);
      continue;
    }
    close();
    const isPipe = /^\|&?$/.test(text.slice(word.start, word.end));
    const [writer, ...written] = current;
    const writes = writer !== undefined && /^(?:echo|printf)$/.test(text.slice(writer.start, writer.end));
    before = isPipe && writes ? written : [];
    current = [];
  }
  close();
  return secrets;
}

function isReader(words: readonly string[]): boolean {
  return SECRET_READERS.some(
    ({ program, option }) => words.includes(program) && (option === undefined || words.includes(option)),
  );
}

/** Shell text (`sh -c '…'`) word by word, like arguments. */
function redactWords(text: string, depth: number): string {
  const words = wordsOf(text);
  const inputs = text.includes('|') ? secretInputs(text, words) : undefined;
  let command = new Command();
  let redacted = '';
  let done = 0;
  for (const word of words) {
    if (word.isOperator) {
      command = new Command();
      continue;
    }
    const given = text.slice(word.start, word.end);
    const isInput = inputs?.has(word) === true && !given.startsWith('-') && !/^["']?%s/.test(given);
    const result = isInput ? REDACTED : redactWord(given, command, depth);
    if (result === given) continue;
    redacted += text.slice(done, word.start) + result;
    done = word.end;
  }
  return redacted + text.slice(done);
}

function redactWord(word: string, command: Command, depth: number): string {
  const quote = word.charAt(0);
  const isQuoted =
    (quote === '"' || quote === "'") && word.length > 1 && word.indexOf(quote, 1) === word.length - 1;
  if (!isQuoted) return command.redact(word) ?? word;
  const inner = word.slice(1, -1);
  const redacted = command.redact(inner) ?? (depth < DEPTH_MAX ? redactText(inner, depth + 1) : inner);
  return `${quote}${redacted}${quote}`;
}

function redactText(argument: string, depth: number): string {
  return /\s/.test(argument) ? redactWords(argument, depth) : argument;
}

/**
 * The arguments of a program with passwords, tokens and keys replaced by `[redacted]`. A secret is recognised by its name
 * (`--password`, `API_TOKEN=`, `X-Api-Key:`), by its position (URLs, `curl -u`, `mysql -p…`) and by its format (tokens of
 * known services, private keys, JSON web tokens), also inside shell text. Names, user names and hosts are kept.
 */
export function redactArguments(args: readonly string[]): string[] {
  const command = new Command();
  return args.map(argument => {
    // first what is recognised across words: the next step may replace a part of it
    const text = redactArgument(argument);
    return command.redact(text) ?? redactText(text, 0);
  });
}
