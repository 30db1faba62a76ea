export type { Assignment } from './assignment.ts';
export { CONFIG_FILE_VARIABLE } from './environment-source.ts';
export { type Configuration, loadConfiguration, loadSettings, type SettingSources } from './load.ts';
export { type Settings, settings } from './schema.ts';
export { suggestion } from './suggestion.ts';
