/** What the event loop and the thread that watches it share: a few 32-bit words. */

/** Grows as long as the event loop turns. */
export const BEATS = 0;
/** 1 once a stop was asked for. */
export const STOP_REQUESTED = 1;

export const BOARD_BYTES = 8;
