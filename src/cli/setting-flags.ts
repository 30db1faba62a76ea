import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type Assignment, CONFIG_FILE_VARIABLE, type SettingSources, settings } from '../config/index.ts';

/** Read if it exists and neither --config nor MEMWARDEN_CONFIG names another file. */
const USUAL_FILE = '/etc/memwarden/memwarden.yaml';

/** Groups of flags. A command has those of its groups; any other setting is set with --set. */
export const FLAG_GROUPS = ['output', 'collector', 'detection', 'capture'] as const;
export type FlagGroup = (typeof FLAG_GROUPS)[number];

const FLAGS: readonly { readonly group: FlagGroup | 'all'; readonly flag: string; readonly key: string }[] = [
  { group: 'output', flag: '--exporter <kind>', key: 'telemetry.exporter' },
  { group: 'output', flag: '--pretty', key: 'telemetry.pretty' },
  { group: 'collector', flag: '--endpoint <url>', key: 'telemetry.otlp.logsEndpoint' },
  { group: 'detection', flag: '--events <names>', key: 'detect.events' },
  { group: 'detection', flag: '--exceptions <file>', key: 'detect.exceptionsPath' },
  { group: 'detection', flag: '--allow-unfiltered', key: 'detect.fileOpen.allowUnfiltered' },
  { group: 'capture', flag: '--hook <kind>', key: 'capture.hook' },
  { group: 'all', flag: '--log-level <level>', key: 'diagnostics.level' },
];

const CHOICES_SHOWN_MAX = 8;

/** Adds --config, --set, and the flags of these groups to a command. */
export function addSettingFlags(command: Command, ...groups: readonly FlagGroup[]): Command {
  command.option('-c, --config <file>', `YAML file with settings (default: ${USUAL_FILE} if it exists)`);
  for (const { group, flag, key } of FLAGS) {
    if (group !== 'all' && !groups.includes(group)) continue;
    const definition = settings.get(key);
    const choices = flag.includes('<') ? (definition?.type.choices ?? []) : [];
    const listed =
      choices.length > 0 && choices.length <= CHOICES_SHOWN_MAX ? ` [${choices.join(', ')}]` : '';
    command.option(flag, `${definition?.doc}${listed}`);
  }
  return command.option(
    '-s, --set <key=value>',
    'any setting by its key, for example health.listenPort=0; may be repeated; every user can read it in ps: no secrets',
    (pair: string, pairs: readonly string[] | undefined) => [...(pairs ?? []), pair],
  );
}

/** The values that a flag takes, for completion; empty where there is no closed list. */
export function choicesOfFlag(long: string): readonly string[] {
  const key = FLAGS.find(({ flag }) => flag.split(' ')[0] === long)?.key;
  return (key === undefined ? undefined : settings.get(key)?.type.choices) ?? [];
}

/** The sources of a command's settings: its flags, the environment, and the file that either names. */
export function settingSources(command: Command, env: NodeJS.ProcessEnv): SettingSources {
  const options: Readonly<Record<string, unknown>> = command.opts();
  const named = options['config'] ?? (env[CONFIG_FILE_VARIABLE] || undefined);
  const file = typeof named === 'string' ? named : existsSync(USUAL_FILE) ? USUAL_FILE : undefined;
  const flags: Assignment[] = [];
  for (const { flag, key } of FLAGS) {
    const option = new Option(flag);
    const value = options[option.attributeName()];
    if (value !== undefined) flags.push({ key, value, origin: option.long ?? flag });
  }
  const pairs = Array.isArray(options['set']) ? options['set'] : [];
  for (const pair of pairs) {
    const [key, ...value] = String(pair).split('=');
    flags.push({ key: key ?? '', value: value.join('='), origin: '--set' });
  }
  return { file, env, flags };
}
