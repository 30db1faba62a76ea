import { ensureCollector } from './collector/ensure-collector.ts';

/** Exit code of build.sh when there is no Go. */
const NO_GO = 3;

/**
 * Why there is no Collector to test with, for `skip`; false when there is one. Builds it.
 *
 * @throws Error when the build fails: that is a failure of the test and no reason to skip it.
 */
export async function whyNoCollector(): Promise<string | false> {
  try {
    await ensureCollector();
    return false;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === NO_GO)) throw error;
    return 'needs an OpenTelemetry Collector, and there is no Go to build it: install Go 1.21 or newer';
  }
}

/** Why a sidecar cannot send to a Collector on this machine, for `skip`; false when it can. */
export async function whyNoSidecar(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'needs root: loading BPF programs is privileged';
  return whyNoCollector();
}
