import { describeErrno, type Libbpf } from '../../native/libbpf.ts';
import { CONTROL, CONTROL_SIZE } from '../ring/layout.ts';

/** Instructions of user space to running programs: struct mw_control of bpf/contract/event.h. */
export interface ControlState {
  /** Generation of the active programs; 0: none are. */
  readonly active: number;
  /** Generation that records the accesses of this process instead of the active one; 0: none. */
  readonly proving: number;
  /** When the maps were made, ns on CLOCK_BOOTTIME: distinguishes them from others of the same boot. */
  readonly createdNs: bigint;
  /** Time after an event in which its repeats are only counted, ns; 0: every event is sent. */
  readonly windowNs: bigint;
  /** This process, in its own pid namespace, and the inode number of that namespace: programs mark its events. */
  readonly ownVtgid: number;
  readonly ownPidNamespace: number;
  /** This process, in the initial pid namespace; 0: not known yet. */
  readonly ownTgid: number;
}

const KEY = Buffer.alloc(4);

/** The one element of the map `control`. This process alone writes it. */
export class Control {
  readonly #libbpf: Libbpf;
  readonly #fd: number;
  #state: ControlState;

  /** @throws Error when the map cannot be read */
  constructor(libbpf: Libbpf, fd: number) {
    this.#libbpf = libbpf;
    this.#fd = fd;
    const value = Buffer.alloc(CONTROL_SIZE);
    const result = libbpf.lookupElement(fd, KEY, value);
    if (result < 0) throw new Error(`failed to read the programs' control: ${describeErrno(-result)}`);
    this.#state = {
      active: value.readUInt32LE(CONTROL.active),
      proving: value.readUInt32LE(CONTROL.proving),
      createdNs: value.readBigUInt64LE(CONTROL.created_ns),
      windowNs: value.readBigUInt64LE(CONTROL.window_ns),
      ownVtgid: value.readUInt32LE(CONTROL.own_vtgid),
      ownPidNamespace: value.readUInt32LE(CONTROL.own_pid_ns),
      ownTgid: value.readUInt32LE(CONTROL.own_tgid),
    };
  }

  get state(): ControlState {
    return this.#state;
  }

  /** @throws Error when the map cannot be written */
  change(change: Partial<ControlState>): void {
    const state = { ...this.#state, ...change };
    const value = Buffer.alloc(CONTROL_SIZE);
    value.writeUInt32LE(state.active, CONTROL.active);
    value.writeUInt32LE(state.proving, CONTROL.proving);
    value.writeBigUInt64LE(state.createdNs, CONTROL.created_ns);
    value.writeBigUInt64LE(state.windowNs, CONTROL.window_ns);
    value.writeUInt32LE(state.ownVtgid, CONTROL.own_vtgid);
    value.writeUInt32LE(state.ownPidNamespace, CONTROL.own_pid_ns);
    value.writeUInt32LE(state.ownTgid, CONTROL.own_tgid);
    const result = this.#libbpf.updateElement(this.#fd, KEY, value, 0);
    if (result < 0) throw new Error(`failed to write the programs' control: ${describeErrno(-result)}`);
    this.#state = state;
  }
}
