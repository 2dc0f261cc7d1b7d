/** Limits of a check report. */

/** Maximum number of checks in a report. */
export const MOST_LISTED = 50;

/** Maximum size of a report as JSON, in bytes. */
export const REPORT_BYTES = 64 * 1024;
