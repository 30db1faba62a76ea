/** All of U+0000–U+FFFF. */
export const EVERY_CHARACTER = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit)).join(
  '',
);

/**
 * What acts on a terminal, a log or an eye, written here by number and not with the names that the program uses: C0, DEL,
 * C1, soft hyphen, Arabic letter mark, zero-width and direction marks, separators, invisible operators, isolates, byte
 * order mark, interlinear marks, halves of pairs, musical controls, tags.
 */
export const RAW =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come out
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\ud800-\udfff\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/u;

/** A line of its own, if it could make one. */
export const FORGED = '\nFORGED';

/** One of each that acts, short enough not to be cut, ending with a line that would be somebody else's. */
export const HOSTILE = `\u001b[2J\u001b]0;x\u0007\r\b\u0085\u009b31m\u009d0;x\u009c\u007f\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ufeff\ud83d \u{e0041}${FORGED}`;
