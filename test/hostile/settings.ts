/** The settings of this run of the suite, from the environment. */

const DEFAULT_MINUTES = 0.5;
/** From this duration on a run is a long one, with a new seed each time. */
const LONG_MINUTES = 5;

export const MINUTES = Number(process.env.HOSTILE_MINUTES || DEFAULT_MINUTES);
export const IS_LONG = MINUTES >= LONG_MINUTES;
export const SEED = Number(process.env.HOSTILE_SEED || (IS_LONG ? Date.now() % 1_000_000 : 1));
/** Runs only these actions in addition to the innocent runs, separated by commas: `<class>`, or `<class>:<number>` for one action. */
export const ONLY = process.env.HOSTILE_ONLY || undefined;
/** The file to which the report is written as JSON. */
export const REPORT_FILE = process.env.HOSTILE_REPORT || undefined;
