/** Nothing can be pinned here; the message says why. */
export class PinningUnavailable extends Error {
  override readonly name = 'PinningUnavailable';
}
