import { MemwardenError } from '../errors.ts';
import type { EventKind, HookName } from './event.ts';
import { LADDERS } from './hooks/ladders/index.ts';
import type { RawFilter } from './maps/raw-filter.ts';

export type HookChoice = HookName | 'auto';

export interface CaptureOptions {
  /** The compiled BPF object. */
  readonly objectPath: string;
  /** The kernel's type information, usually /sys/kernel/btf/vmlinux. */
  readonly btfPath: string;
  /** Size of the ring buffer, bytes: a power of two and a multiple of the page size. */
  readonly ringBufferBytes: number;
  /**
   * Directory of a BPF file system in which programs and maps are pinned, so that the kernel keeps recording while no
   * sidecar runs; undefined: they end with this process.
   */
  readonly pinPath?: string | undefined;
  /** Kinds of event that are wanted: no programs for other kinds are loaded. Undefined: all. */
  readonly kinds?: ReadonlySet<EventKind> | undefined;
  /**
   * Kind of hook to use; `auto`: the best that proves alive. For file opens the choice is exclusive. Another capability
   * that cannot have this kind takes its own best one.
   */
  readonly hook: HookChoice;
  /** Kind of hook per capability; overrides `hook`. */
  readonly hooks: Readonly<Record<string, string>>;
  /** Time after an event in which the kernel only counts its repeats, ms; 0 or undefined: it sends every event. */
  readonly repeatWindowMillis?: number | undefined;
  /** The raw event security_file_open; undefined: off. */
  readonly rawFilter?: RawFilter | undefined;
}

const NO_CHOICE = 'auto';

/**
 * The hook to use per capability: the one in `hooks`, else `hook` where the capability has such a step.
 * @throws MemwardenError CONFIG_INVALID for a capability or a hook that does not exist
 */
export function hookChoices({ hook, hooks }: CaptureOptions): ReadonlyMap<string, HookChoice> {
  const choices = new Map<string, HookChoice>();
  for (const { capability, steps } of LADDERS) {
    choices.set(capability, steps.some(step => step.hook === hook) ? hook : NO_CHOICE);
  }
  for (const [capability, written] of Object.entries(hooks)) {
    const ladder = LADDERS.find(known => known.capability === capability);
    const names = ladder?.steps.map(step => step.hook) ?? [];
    const choice = written === NO_CHOICE ? written : names.find(name => name === written);
    if (ladder === undefined || choice === undefined) {
      throw new MemwardenError(
        'CONFIG_INVALID',
        `failed to choose a hook: ${capability}=${written} is not one`,
        ladder === undefined
          ? `capabilities are ${LADDERS.map(known => known.capability).join(', ')}`
          : `hooks of ${capability} are auto, ${names.join(', ')}`,
      );
    }
    choices.set(capability, choice);
  }
  return choices;
}
