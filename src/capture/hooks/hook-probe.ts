import { closeSync, existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Libbpf, Pointer } from '../../native/libbpf.ts';

const { ENOENT, EPERM } = constants.errno;

/** include/uapi/linux/bpf.h, enum bpf_prog_type. */
const BPF_PROG_TYPE_KPROBE = 2;

/** Where every kernel since 4.17 that has kprobes lists them. */
const EVENT_SOURCES = '/sys/bus/event_source/devices';

/** Why a program cannot be had, with the step that would fail. */
export interface Unavailable {
  readonly step: 'load' | 'attach';
  readonly errno: number;
}

/**
 * Finds out in microseconds what else costs a copy of all programs and a walk through the kernel's types, tens of
 * milliseconds a step: a host that forbids a kind of program forbids the smallest of it as well.
 */
export class HookProbe {
  readonly #libbpf: Libbpf;
  readonly #known = new Map<string, Unavailable | undefined>();

  constructor(libbpf: Libbpf) {
    this.#libbpf = libbpf;
  }

  /** Undefined when it must be tried; any doubt is a reason to try. */
  unavailable(program: Pointer): Unavailable | undefined {
    const type = this.#libbpf.programType(program);
    const attachType = this.#libbpf.expectedAttachType(program);
    const key = `${type} ${attachType}`;
    if (!this.#known.has(key)) this.#known.set(key, this.#probe(type, attachType));
    return this.#known.get(key);
  }

  #probe(type: number, attachType: number): Unavailable | undefined {
    const hasKprobes = !existsSync(EVENT_SOURCES) || existsSync(join(EVENT_SOURCES, 'kprobe'));
    if (type === BPF_PROG_TYPE_KPROBE && !hasKprobes) return { step: 'attach', errno: ENOENT };
    const fd = this.#libbpf.loadSmallest(type, attachType);
    if (fd >= 0) closeSync(fd);
    // every other answer is to the program, which names no function, and not to its kind
    return fd === -EPERM ? { step: 'load', errno: EPERM } : undefined;
  }
}
