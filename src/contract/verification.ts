/** Evaluates the report of an execution, and describes it in sentences. Part of the workflow bundle. */
import type { CheckCounts, CheckReport, CheckResult, ChecksSummary, Verification } from './checks';

/** Maximum number of failures described in an answer. */
const MOST_DESCRIBED = 5;
/** Maximum length of the sentence of a summary, which is part of a memo. UTF-16 units. */
const LONGEST_SENTENCE = 1000;

/** The checks of a report; `counts` is absent if all checks are listed. */
type Checks = Pick<CheckReport, 'checks' | 'counts'>;

interface Count {
  total: number;
  failed: number;
}

/** Counts all checks, listed or not. */
export function countChecks(report: Checks): Count {
  return sum(Object.values(countByOrigin(report)));
}

/**
 * Whether the program does what was requested, as far as its execution shows. If the request has examples, they decide, because the
 * program's own tests may be wrong. Without examples its own tests decide. A killed program is not verified.
 */
export function isVerified(report: CheckReport): boolean {
  return report.executed && report.killed === undefined && countDecisive(report).failed === 0;
}

/** The checks that decide the verdict. */
export function decisive(report: Checks): CheckResult[] {
  const demanded = isDemanded(report);
  return report.checks.filter(({ origin }) => origin !== 'own' || !demanded);
}

/** Whether any test was run; that a program loads does not show whether it is correct. */
export function isTested(report: Checks): boolean {
  const { request, own } = countByOrigin(report);
  return request.total + own.total > 0;
}

/** Whether the request or the swarm contains checks of the program. */
export function isDemanded(report: Checks): boolean {
  return countByOrigin(report).request.total > 0;
}

/** Sorts better reports first: by the passed share of deciding checks, then of all checks. */
export function compareReports(a: CheckReport, b: CheckReport): number {
  return (
    passedShare(countDecisive(b)) - passedShare(countDecisive(a)) ||
    passedShare(countChecks(b)) - passedShare(countChecks(a))
  );
}

/** A response as callers receive it: the text of a turn, with a paragraph about the verification if its code was verified. */
export function withVerification(text: string, verification: Verification | undefined): string {
  return verification && !verification.no_program ? `${text.trimEnd()}\n\n${describeVerification(verification)}` : text;
}

/** The verification in short; undefined for an answer that is no program. */
export function summariseChecks(verification: Verification | undefined): ChecksSummary | undefined {
  if (!verification || verification.no_program) return undefined;
  const { executed, passed, killed } = verification;
  const verdict = describeVerdict(verification);
  return {
    executed,
    passed,
    tested: isTested(verification),
    ...countChecks(verification),
    ...(killed ? { killed } : {}),
    sentence: [describeOutcome(verification), ...(verdict ? [`${verdict}.`] : [])].join(' ').slice(0, LONGEST_SENTENCE),
  };
}

/** A paragraph about the verification: what was executed, what passed, and what failed. */
export function describeVerification(verification: Verification): string {
  const outcome = describeOutcome(verification);
  const verdict = describeVerdict(verification);
  return verdict ? [`${outcome} ${verdict}:`, ...describeFailures(verification)].join('\n') : outcome;
}

function describeOutcome(verification: Verification): string {
  const { executed, reason, rounds, language, agreement, killed } = verification;
  if (!executed) return `Not executed: ${reason ?? 'the answer holds no code.'}`;
  const after = rounds > 0 ? ` after ${rounds} ${rounds === 1 ? 'repair' : 'repairs'}` : '';
  const stopped = killed ? `, and was stopped at its limit of ${killed}` : '';
  const count = `Executed (${language}): ${describeChecks(verification)}${stopped}${after}.`;
  return agreement ? `${count} ${describeAgreement(agreement)}` : count;
}

/** What failed checks mean; empty if none failed. */
function describeVerdict(verification: Verification): string {
  if (!verification.executed || describeFailures(verification).length === 0) return '';
  return isVerified(verification)
    ? 'The examples of the request hold; tests of its own do not'
    : 'It does not work yet';
}

function describeFailures(report: Checks): string[] {
  const failed = report.checks.filter(({ passed }) => !passed).slice(0, MOST_DESCRIBED);
  const more = countChecks(report).failed - failed.length;
  const lines = failed.map(({ name, error = '' }) => `- ${name}: ${lastLine(error)}`);
  return more > 0 ? [...lines, `- ${more} more`] : lines;
}

/** A short phrase about the checks. If there were no tests it says so, instead of claiming that all passed. */
export function describeChecks(report: Checks): string {
  const { total, failed } = countChecks(report);
  if (isTested(report)) return `${total - failed} of ${total} checks passed`;
  return failed === 0 ? 'it runs, and nothing else was tested' : 'it does not run';
}

/** A sentence about how many drafts return the same as the answer, and how many failed. */
export function describeAgreement({
  drafts,
  agreeing,
  calls,
  failed = 0,
}: NonNullable<Verification['agreement']>): string {
  if (drafts === 1) return `It is the only one of ${1 + failed} drafts that passes.`;
  const given = `for ${calls} ${calls === 1 ? 'call' : 'calls'}`;
  const same = `${agreeing === drafts ? drafts : `${agreeing} of ${drafts}`} drafts return the same ${given}`;
  const held = agreeing === 1 ? `${drafts} drafts return different values ${given}` : same;
  return failed > 0 ? `${held}, ${failed} more ${failed === 1 ? 'fails' : 'fail'}.` : `${held}.`;
}

export function lastLine(text: string): string {
  return text.trim().split('\n').pop() ?? '';
}

function countByOrigin({ checks, counts }: Checks): CheckCounts {
  if (counts) return counts;
  const counted: CheckCounts = {
    request: { total: 0, failed: 0 },
    own: { total: 0, failed: 0 },
    load: { total: 0, failed: 0 },
  };
  for (const { origin, passed } of checks) {
    counted[origin].total++;
    if (!passed) counted[origin].failed++;
  }
  return counted;
}

function countDecisive(report: Checks): Count {
  const { request, own, load } = countByOrigin(report);
  return sum(request.total > 0 ? [request, load] : [own, load]);
}

function sum(counts: readonly Count[]): Count {
  return counts.reduce((a, b) => ({ total: a.total + b.total, failed: a.failed + b.failed }), { total: 0, failed: 0 });
}

function passedShare({ total, failed }: Count): number {
  return total === 0 ? 0 : (total - failed) / total;
}
