// @ts-check
// What a user reads when the start fails: one line with the problem, one line with the remedy.

/** A failure that the user can fix; `detail` holds lines of a program's own output. */
class StartFailure extends Error {
  /**
   * @param {string} what
   * @param {string} remedy
   * @param {string[]} [detail]
   */
  constructor(what, remedy, detail = []) {
    super(what);
    this.name = 'StartFailure';
    this.remedy = remedy;
    this.detail = detail;
  }
}

/**
 * Returns the lines to print for a failure, including internal errors.
 * @param {unknown} failure
 * @returns {string[]}
 */
function describeFailure(failure) {
  if (failure instanceof StartFailure)
    return [...failure.detail.map((line) => `  | ${line}`), failure.message, failure.remedy].map(removeControls);
  const text = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
  return [text, 'This is a fault of Murmuration, not of your set-up; please report it.'].map(removeControls);
}

/** Removes control characters (not tab and newline) and bidirectional overrides, since the text may be foreign. @param {string} text */
function removeControls(text) {
  return text.replace(/(?![\t\n])\p{Cc}|[\u202A-\u202E\u2066-\u2069]/gu, '');
}

module.exports = { StartFailure, describeFailure };
