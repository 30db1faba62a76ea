import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type Assignment, CONFIG_FILE_VARIABLE, type SettingSources, settings } from '../config/index.ts';

/** Read when neither --config nor MEMWARDEN_CONFIG names a file, and only if it is there. */
const USUAL_FILE = '/etc/memwarden/memwarden.yaml';

/** The settings that have a flag of their own; every other one goes by --set. */
const FLAGS = [
  { flag: '--exporter <kind>', key: 'telemetry.exporter' },
  { flag: '--endpoint <url>', key: 'telemetry.otlp.logsEndpoint' },
  { flag: '--pretty', key: 'telemetry.pretty' },
  { flag: '--events <names>', key: 'detect.events' },
  { flag: '--exceptions <file>', key: 'detect.exceptionsPath' },
  { flag: '--allow-unfiltered', key: 'detect.fileOpen.allowUnfiltered' },
  { flag: '--hook <kind>', key: 'capture.hook' },
  { flag: '--log-level <level>', key: 'diagnostics.level' },
] as const;

/** Gives a command the flags of the settings. */
export function addSettingFlags(command: Command): Command {
  command.option('-c, --config <file>', `YAML file with settings (default: ${USUAL_FILE} if it exists)`);
  for (const { flag, key } of FLAGS) {
    const definition = settings.get(key);
    const choices = definition?.type.choices;
    const allowed =
      choices !== undefined && choices.length < 9 && flag.includes('<') ? ` [${choices.join(', ')}]` : '';
    command.option(flag, `${definition?.doc}${allowed}`);
  }
  return command.option(
    '-s, --set <key=value>',
    'any setting by its key, for example health.listenPort=0; may be repeated',
    (pair: string, pairs: readonly string[]) => [...pairs, pair],
    [] as readonly string[],
  );
}

/** Where the settings of a command come from: its flags, the environment, the file that either names. */
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
