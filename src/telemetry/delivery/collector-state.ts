import { diag } from '@opentelemetry/api';

const logger = diag.createComponentLogger({ namespace: 'otlp' });

/** Whether the collector takes records, told when it changes and not with every attempt. */
export class CollectorState {
  readonly #address: string;
  #problem: string | undefined;
  #rejected: string | undefined;

  constructor(address: string) {
    this.#address = address;
  }

  /** Why it does not; undefined while it does. */
  get problem(): string | undefined {
    return this.#problem;
  }

  failed(reason: string): void {
    if (this.#problem === undefined) {
      logger.warn(`failed to deliver records to ${this.#address}: ${reason}; they are kept and sent again`);
    }
    this.#problem = reason;
  }

  answered(rejected: number, message: string): void {
    if (this.#problem !== undefined) logger.info(`${this.#address} takes records again`);
    this.#problem = undefined;
    if (rejected > 0 && this.#rejected !== message) {
      logger.warn(`the collector rejected ${rejected} records: ${message || 'it gave no reason'}`);
      this.#rejected = message;
    }
  }

  refused(records: number, reason: string): void {
    logger.error(
      `the collector refused ${records} records for good: ${reason}; memwarden spool inspect shows them`,
    );
  }
}
