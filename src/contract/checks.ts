/** What is executed to verify code, and what came of it: the types that workflows, activities and the sandbox exchange. Types only. */

/** One file of a program; `path` is relative to the program's folder. */
export interface SourceFile {
  path: string;
  text: string;
}

/**
 * One demand on a program. `code` is a piece of source that runs in the program's main module and holds when it ends without an
 * error; with `expected` it is an expression, and holds when its value is what that text writes down.
 */
export interface Check {
  name: string;
  code: string;
  expected?: string | undefined;
}

/** Where a check comes from: it stands in the request, the program brought it along, or it is the loading of the program itself. */
export type CheckOrigin = 'request' | 'own' | 'load';

export interface CheckResult {
  name: string;
  origin: CheckOrigin;
  passed: boolean;
  /** Why it does not hold: got and expected, or the traceback. Bounded. */
  error?: string;
}

/** The limit at which a program was killed. */
export type Overrun = 'time' | 'memory' | 'output';

/** What happened when a program was executed. */
export interface CheckReport {
  language: string;
  /** False when nothing was run; `reason` then says why. */
  executed: boolean;
  reason?: string;
  /** Packages that it needs and the sandbox does not have. */
  missing?: string[];
  /** Set when something is missing that the request does not speak of: the program could do without. */
  avoidable?: boolean;
  /** Whether every check holds; false when there was nothing to execute. */
  passed: boolean;
  checks: CheckResult[];
  /** What the program wrote, bounded. */
  output: string;
  killed?: Overrun;
  ms: number;
}

/** How far programs agree that were given the same calls. */
export interface Agreement {
  /** Calls to which at least one of them had an answer; 0 where they can not be compared. */
  calls: number;
  /** For each program, in the order in which they were named: how often another one returned the same, over all calls. */
  support: number[];
  /** For each program: how many return the same as it wherever both return something, itself included. */
  agreeing: number[];
}

/** What executing the code of a turn has shown. */
export interface TurnCheck extends CheckReport {
  /** The turn whose code this is about. */
  turn: string;
}

/** The record of a run's verification: what the answer's code was put to, and what came of it. */
export interface Verification extends TurnCheck {
  /** How often failures went back to the model. */
  rounds: number;
  /**
   * Of several drafts: how many held and were given the same calls, how many of those return what the answer returns, itself included,
   * and how many others were executed and do not hold. No calls where a single one held.
   */
  agreement?: { drafts: number; agreeing: number; calls: number; failed?: number };
}
