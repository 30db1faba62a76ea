/** Where the records are that were handed over: accepted + spooled + refused + evicted is all of them. */
export interface DeliveryCounts {
  /** The collector (or the console) has them. */
  readonly accepted: number;
  /** Kept until the collector accepts them. */
  readonly spooled: number;
  /** The collector will never take them, or they could not be encoded. */
  readonly refused: number;
  /** Given up for want of room or because of their age. */
  readonly evicted: number;
}
