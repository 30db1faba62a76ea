import type { Command } from 'commander';
import { loadConfiguration } from '../../config/index.ts';
import { unusedVariables } from '../../config/unused-variables.ts';
import { printable } from '../../printing/printable.ts';
import type { Context } from '../context.ts';
import { addSettingFlags, FLAG_GROUPS, settingSources } from '../setting-flags.ts';
import { settingsReference } from '../settings-reference.ts';
import { settingsJson, settingsYaml } from '../settings-text.ts';

/** `memwarden config show|validate`. */
export function addConfig(program: Command, { env }: Context): void {
  const config = program.command('config').description('show, check and explain the settings');

  addSettingFlags(config.command('show'), ...FLAG_GROUPS)
    .description(
      'print every setting as YAML, and where it was set if it is not the default; secrets are hidden',
    )
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  memwarden config show\n  memwarden config show > /etc/memwarden/memwarden.yaml',
    )
    .action((options: { json?: true }, command: Command) => {
      const configuration = loadConfiguration(settingSources(command, env));
      process.stdout.write(options.json ? settingsJson(configuration) : settingsYaml(configuration));
    });

  addSettingFlags(config.command('validate'), ...FLAG_GROUPS)
    .description('check a file by itself, or without one the settings that `run` would use')
    .argument('[file]', 'YAML file')
    .addHelpText(
      'after',
      '\nExamples:\n  memwarden config validate config/memwarden.yaml\n  memwarden config validate',
    )
    .action((file: string | undefined, _options: object, command: Command) => {
      const sources = file === undefined ? settingSources(command, env) : { file };
      const { origins, settings } = loadConfiguration(sources);
      const count = `${origins.size} setting${origins.size === 1 ? '' : 's'} over the defaults`;
      process.stderr.write(`${printable(sources.file ?? 'configuration')}: valid, ${count}\n`);
      if (file === undefined)
        for (const sentence of unusedVariables(env, settings.telemetry.delivery.mode))
          process.stderr.write(`${printable(sentence)}\n`);
    });

  config
    .command('reference')
    .description('print every setting with its names, default and meaning, as a Markdown table')
    .addHelpText('after', '\nExamples:\n  memwarden config reference | grep SPOOL')
    .action(() => {
      process.stdout.write(settingsReference());
    });
}
