/** Names and paths are the attacker's to choose: no control or formatting character may reach the terminal. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, c => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}
