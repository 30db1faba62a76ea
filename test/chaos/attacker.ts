import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./attacker.py', import.meta.url));

export interface AttackerOptions {
  readonly actsPerSecond: number;
  /** Number of opens in every tenth act; the other acts are one open. */
  readonly storm: number;
  /** Whose memory is opened: a victim's (severity HIGH) or the attacker's own (severity LOW). */
  readonly target: 'victim' | 'self';
}

/** Number of opens by pid of the actor; the sum where a pid was reused. */
export type Ledger = ReadonlyMap<number, number>;

/** A program that attacks, and records its acts in a ledger. */
export class Attacker {
  readonly #child: ChildProcess;
  readonly #output: Promise<string>;

  private constructor(child: ChildProcess, output: Promise<string>) {
    this.#child = child;
    this.#output = output;
  }

  static start(t: TestContext, fields: Partial<AttackerOptions> = {}): Attacker {
    const { actsPerSecond = 200, storm = 20, target = 'victim' } = fields;
    const child = spawn('python3', [PROGRAM, String(actsPerSecond), String(storm), target], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    t.after(() => child.kill());
    return new Attacker(child, text(child.stdout));
  }

  /** Ends the attacks. @throws Error when an act failed */
  async stop(): Promise<Ledger> {
    const exited = once(this.#child, 'exit');
    this.#child.stdin?.end();
    const [code] = await exited;
    if (code !== 0) throw new Error(`the attacker ended with ${code}`);
    const ledger = new Map<number, number>();
    for (const line of (await this.#output).trimEnd().split('\n')) {
      const [pid = 0, opens = 0] = line.split(' ').map(Number);
      ledger.set(pid, (ledger.get(pid) ?? 0) + opens);
    }
    return ledger;
  }
}
