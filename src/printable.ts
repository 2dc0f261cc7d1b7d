/** Makes text of models, gateways and callers safe for a terminal. */

/**
 * Control characters that a terminal interprets (C0 except tab and newline, DEL, and C1, whose U+009B starts commands like ESC), and
 * bidirectional overrides and isolates, which change the displayed order of a text.
 */
const UNSAFE = /(?![\t\n])\p{Cc}|[\u202A-\u202E\u2066-\u2069]/gu;

/** Removes control characters; keeps line breaks and tabs. */
export function toPrintable(text: string): string {
  return text.replace(UNSAFE, '');
}

/** The same, on a single line. For text inside a line of ours: a line break could start a forged line. */
export function toPrintableLine(text: unknown): string {
  return toPrintable(String(text).replace(/\s+/g, ' '));
}
