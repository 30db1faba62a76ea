import { ensureCollector } from './collector/ensure-collector.ts';

/** build.sh: there is no Go. */
const NO_GO = 3;

/**
 * Why the end-to-end tests cannot run on this machine, for `skip`; false when they can. Builds the Collector.
 *
 * @throws Error when the Collector does not build: that is a failure, and no reason to skip.
 */
export async function whyNotHere(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'needs root: loading BPF programs is privileged';
  try {
    await ensureCollector();
    return false;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === NO_GO)) throw error;
    return 'needs an OpenTelemetry Collector, and there is no Go to build it: install Go 1.21 or newer';
  }
}
