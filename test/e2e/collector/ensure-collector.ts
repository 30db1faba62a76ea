import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const BUILD_SCRIPT = new URL('build.sh', import.meta.url).pathname;

/**
 * Path of an OpenTelemetry Collector binary: the one that `MEMWARDEN_TEST_COLLECTOR` names (otelcol-contrib, for example), or
 * the one that build.sh builds from Go modules and caches, which takes minutes the first time.
 *
 * @throws Error with the builder's message when Go or a module is missing.
 */
export async function ensureCollector(): Promise<string> {
  const given = process.env['MEMWARDEN_TEST_COLLECTOR'];
  if (given !== undefined && given !== '') return given;
  const { stdout } = await promisify(execFile)('sh', [BUILD_SCRIPT]);
  return stdout.trim();
}
