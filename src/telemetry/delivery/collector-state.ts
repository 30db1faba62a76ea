import { diag } from '@opentelemetry/api';

const logger = diag.createComponentLogger({ namespace: 'otlp' });

/** Whether the collector takes records. It logs a change of this state, and not every attempt. */
export class CollectorState {
  readonly #address: string;
  readonly #things: string;
  readonly #consequence: string;
  #problem: string | undefined;
  #rejected: string | undefined;

  /** @param things what is sent, for messages @param consequence what happens after a failure, for messages */
  constructor(address: string, things = 'records', consequence = 'they are kept and sent again') {
    this.#address = address;
    this.#things = things;
    this.#consequence = consequence;
  }

  /** Why the collector does not take records; undefined while it does. */
  get problem(): string | undefined {
    return this.#problem;
  }

  failed(reason: string): void {
    if (this.#problem === undefined) {
      logger.warn(`failed to deliver ${this.#things} to ${this.#address}: ${reason}; ${this.#consequence}`);
    }
    this.#problem = reason;
  }

  answered(rejected: number, message: string): void {
    if (this.#problem !== undefined) logger.info(`${this.#address} takes ${this.#things} again`);
    this.#problem = undefined;
    if (rejected > 0 && this.#rejected !== message) {
      logger.warn(`the collector rejected ${rejected} ${this.#things}: ${message || 'it gave no reason'}`);
      this.#rejected = message;
    }
  }

  refused(records: number, reason: string): void {
    logger.error(`the collector refused ${records} records: ${reason}; memwarden spool inspect shows them`);
  }
}
