import { closeSync, existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Libbpf, Pointer } from '../../native/libbpf.ts';

const { ENOENT, EPERM } = constants.errno;

/** include/uapi/linux/bpf.h, enum bpf_prog_type. */
const BPF_PROG_TYPE_KPROBE = 2;

/** Every kernel since 4.17 that has kprobes lists `kprobe` here. */
const EVENT_SOURCES = '/sys/bus/event_source/devices';

/** Why a program cannot be used, with the step that would fail. */
export interface Unavailable {
  readonly step: 'load' | 'attach';
  readonly errno: number;
}

/**
 * Tests kinds of programs with the smallest program of the kind, in microseconds: a host that forbids a kind forbids that
 * one as well. Loading a step for real costs tens of milliseconds, for a copy of all programs and a search of the kernel's
 * types.
 */
export class HookProbe {
  readonly #libbpf: Libbpf;
  readonly #known = new Map<string, Unavailable | undefined>();

  constructor(libbpf: Libbpf) {
    this.#libbpf = libbpf;
  }

  /** Undefined when the program may work, and has to be tried. */
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
    // any other error is about this program, which names no function to attach to, and not about its kind
    return fd === -EPERM ? { step: 'load', errno: EPERM } : undefined;
  }
}
