/** Checks of code and their reports, as exchanged by workflows, activities and the sandbox, and as returned to callers. */
import { z } from 'zod';
import { overrun } from './shapes';

/** One file of a program; `path` is relative to the program's folder. */
export interface SourceFile {
  path: string;
  text: string;
}

/**
 * One required check of a program. `code` is source that runs in the program's main module; the check passes if it ends without an
 * error. With `expected`, `code` is an expression; the check passes if its value equals the value that `expected` denotes.
 */
export interface Check {
  name: string;
  code: string;
  expected?: string | undefined;
}

/** Source of a check: the request, the program's own tests, or the loading of the program. */
const checkOrigin = z.enum(['request', 'own', 'load']);
export type CheckOrigin = z.infer<typeof checkOrigin>;

const checkResult = z.object({
  name: z.string(),
  origin: checkOrigin,
  passed: z.boolean(),
  error: z.string().exactOptional().describe('Why it does not hold: got and expected, or the traceback. Bounded.'),
});
export type CheckResult = z.infer<typeof checkResult>;

const count = z.object({ total: z.number().int(), failed: z.number().int() });
/** Number of checks and of failed checks, by origin. */
const checkCounts = z.object({ request: count, own: count, load: count });
export type CheckCounts = z.infer<typeof checkCounts>;

export type Overrun = z.infer<typeof overrun>;

/** The result of executing a program. */
const checkReport = z.object({
  language: z.string(),
  executed: z.boolean().describe('False when nothing was run; `reason` then says why.'),
  reason: z.string().exactOptional(),
  no_program: z
    .boolean()
    .exactOptional()
    .describe('Set where the answer is JSON, commands or another document and no program.'),
  missing: z.array(z.string()).exactOptional().describe('Packages that it needs and the sandbox does not have.'),
  avoidable: z
    .boolean()
    .exactOptional()
    .describe('Set when something is missing that the request does not speak of: the program could do without.'),
  passed: z
    .boolean()
    .describe('Whether every check holds and the program came to its end; false when there was nothing to execute.'),
  checks: z
    .array(checkResult)
    .describe('All of them, or the first 50 when there are more; then those that failed come first.'),
  counts: checkCounts
    .exactOptional()
    .describe('Of all checks, listed or not; absent where all are listed that there are.'),
  output: z.string().describe('What the program wrote, bounded.'),
  killed: overrun.exactOptional(),
  ms: z.number(),
});
export type CheckReport = z.infer<typeof checkReport>;

/** How far programs agree on the results of the same calls. */
export interface Agreement {
  /** Number of calls that at least one program answered; 0 if the programs cannot be compared. */
  calls: number;
  /** For each program, in the order given: how often another program returned the same value, over all calls. */
  support: number[];
  /** For each program: how many programs, itself included, return the same value in every call that both answer. */
  agreeing: number[];
}

/** The report of executing a turn's code. */
const turnCheck = checkReport.extend({ turn: z.string().describe('The turn whose code this is about.') });
export type TurnCheck = z.infer<typeof turnCheck>;

/** Agreement of several drafts; `calls` is 0 if only one passed. */
const draftAgreement = z.object({
  drafts: z.number().int().describe('How many held and were given the same calls.'),
  agreeing: z.number().int().describe('How many of those return what the answer returns, itself included.'),
  calls: z.number().int(),
  failed: z.number().int().exactOptional().describe('How many others were executed and do not hold.'),
});

/** The record of a run's verification: the checks of the answer's code and their results. */
export const verification = turnCheck.extend({
  passed: z
    .boolean()
    .describe('Whether the program ended by itself and the examples of the request hold; without any, its own tests.'),
  rounds: z.number().int().describe('How often failures went back to the model.'),
  agreement: draftAgreement.exactOptional(),
});
export type Verification = z.infer<typeof verification>;

/** The checks of a run's answer in short, as in lists of runs and in the last event of a run. */
export const checksSummary = z.object({
  executed: z.boolean().describe('Whether the code of the answer was executed.'),
  passed: z.boolean().describe('As `verification.passed`: whether the checks that decide have passed.'),
  tested: z.boolean().describe('Whether anything was tested, besides that the code loads.'),
  total: z.number().int().describe('All checks.'),
  failed: z.number().int(),
  killed: overrun.exactOptional(),
  sentence: z.string().describe('The result in one sentence, as at the end of the response.'),
});
export type ChecksSummary = z.infer<typeof checksSummary>;
