/** Finds the ends of quoted strings, in the notation that Python and JavaScript share. */

const STRINGS: Record<string, RegExp> = {
  "'": /'(?:[^'\\\n]|\\[^\n])*'/y,
  '"': /"(?:[^"\\\n]|\\[^\n])*"/y,
};

/**
 * The strings of one text, to be queried in ascending order of position. A quote without a closing one is not a string, and neither is any
 * later quote of its kind in that line. This is remembered, so that a line full of quotes is scanned only once.
 */
export class QuotedStrings {
  private readonly openUntil: Record<string, number> = {};

  constructor(private readonly text: string) {}

  /** The end of the string that begins with the quote at this position; undefined if it is not closed in its line. */
  endAt(place: number): number | undefined {
    const quote = this.text[place]!;
    const string = STRINGS[quote];
    if (!string || place < (this.openUntil[quote] ?? 0)) return undefined;
    string.lastIndex = place;
    if (string.test(this.text)) return string.lastIndex;
    const lineEnd = this.text.indexOf('\n', place);
    this.openUntil[quote] = lineEnd < 0 ? this.text.length : lineEnd;
    return undefined;
  }
}
