import type { CaptureOptions, HookName } from '../capture/index.ts';
import type { Settings } from '../config/index.ts';
import type { Engine } from '../detect/engine.ts';

/**
 * Options of a capture of the kinds of event that the engine's signatures need.
 * @param pinPath only `run` passes it: a capture that pins takes over the programs of a sidecar that runs or has run
 */
export function captureOptions(
  { capture, detect }: Settings,
  { kinds }: Engine,
  pinPath?: string,
): CaptureOptions {
  return {
    ...capture,
    pinPath,
    kinds,
    repeatWindowMillis: detect.stormWindowMillis,
    rawFilter: kinds.has('file_open') ? detect.fileOpen : undefined,
  };
}

/** Where `run` pins. Without durable delivery a restart loses records anyway, so nothing is pinned. */
export function pinPathOf({ capture, telemetry }: Settings): string | undefined {
  const isDurable = telemetry.exporter === 'otlp' && telemetry.delivery.mode === 'durable';
  return isDurable && capture.pin ? capture.pinPath : undefined;
}

/** For example "file_open=lsm,ptrace=fentry". */
export function hookList(hooks: ReadonlyMap<string, HookName>): string {
  return [...hooks].map(([capability, hook]) => `${capability}=${hook}`).join(',');
}
