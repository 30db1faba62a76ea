import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const BUILD_SCRIPT = new URL('build.sh', import.meta.url).pathname;

/**
 * Path of an OpenTelemetry Collector binary: the one that `MEMWARDEN_TEST_COLLECTOR` names (otelcol-contrib, for example), or
 * one that build.sh builds from its modules and keeps, which takes minutes the first time.
 *
 * @throws Error with the builder's own words when there is no Go or a module cannot be had.
 */
export async function ensureCollector(): Promise<string> {
  const given = process.env['MEMWARDEN_TEST_COLLECTOR'];
  if (given !== undefined && given !== '') return given;
  const { stdout } = await promisify(execFile)('sh', [BUILD_SCRIPT]);
  return stdout.trim();
}
