// @ts-check
// What a person gets to read when the start cannot go on: one line what, one line how to mend it.

/** A failure that the person at the keyboard can mend; `detail` holds lines of a program's own output. */
export class StartFailure extends Error {
  /**
   * @param {string} what
   * @param {string} mend
   * @param {string[]} [detail]
   */
  constructor(what, mend, detail = []) {
    super(what);
    this.name = 'StartFailure';
    this.mend = mend;
    this.detail = detail;
  }
}

/** Thrown where the work was called off (Ctrl-C, or another step failed); nobody needs to read it. */
export class CalledOff extends Error {
  constructor() {
    super('called off');
    this.name = 'CalledOff';
  }
}

/**
 * The lines to print for a failure, whatever was thrown.
 * @param {unknown} failure
 */
export function describeFailure(failure) {
  if (!(failure instanceof StartFailure)) {
    const text = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
    return [text, 'This is a fault in bootstrap/, not in your set-up; please report it.'];
  }
  return [...failure.detail.map((line) => `  | ${line}`), failure.message, failure.mend];
}
