import type { CaptureOptions, HookName } from '../capture/index.ts';
import type { Settings } from '../config/index.ts';
import type { Engine } from '../detect/engine.ts';

/**
 * What is captured is what the engine's signatures are about.
 * @param pinPath never that of the settings as it is: who pins takes over what a running service has left
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

/** Where `run` pins: only what is delivered durably is worth recording while nobody reads it. */
export function pinPathOf({ capture, telemetry }: Settings): string | undefined {
  const isDurable = telemetry.exporter === 'otlp' && telemetry.delivery.mode === 'durable';
  return isDurable && capture.pin ? capture.pinPath : undefined;
}

/** For example "file_open=lsm,ptrace=fentry". */
export function hookList(hooks: ReadonlyMap<string, HookName>): string {
  return [...hooks].map(([capability, hook]) => `${capability}=${hook}`).join(',');
}
