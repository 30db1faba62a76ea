/** Why nothing can be pinned here, in words. */
export class PinningUnavailable extends Error {
  override readonly name = 'PinningUnavailable';
}
