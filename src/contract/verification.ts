/** Judges what an execution has shown, and puts it into words. Part of the workflow bundle. */
import type { CheckReport, CheckResult, Verification } from './checks';

/**
 * Whether the program does what was asked, as far as executing it can tell. Where the request gives examples they decide: a test that the
 * program brings along may be wrong itself. Without examples its own tests decide.
 */
export function isVerified({ executed, checks }: CheckReport): boolean {
  return executed && decisive(checks).every(({ passed }) => passed);
}

/** The checks that count for the verdict. */
export function decisive(checks: readonly CheckResult[]): CheckResult[] {
  const demanded = isDemanded(checks);
  return checks.filter(({ origin }) => origin !== 'own' || !demanded);
}

/** Whether anything was put to the program: one that only loads may be right or wrong. */
export function isTested({ checks }: { checks: readonly CheckResult[] }): boolean {
  return checks.some(({ origin }) => origin !== 'load');
}

/** Whether the request itself, or the swarm, says what the program must do. */
export function isDemanded(checks: readonly CheckResult[]): boolean {
  return checks.some(({ origin }) => origin === 'request');
}

/** Orders reports from better to worse: more of what decides, then more of all. */
export function compareReports(a: CheckReport, b: CheckReport): number {
  return shareOf(decisive(b.checks)) - shareOf(decisive(a.checks)) || shareOf(b.checks) - shareOf(a.checks);
}

function shareOf(checks: readonly CheckResult[]): number {
  return checks.length === 0 ? 0 : checks.filter(({ passed }) => passed).length / checks.length;
}

/** One paragraph that goes with an answer: what ran, what passed, and plainly what did not. */
export function describeVerification(verification: Verification): string {
  const { executed, reason, checks, rounds, language, agreement } = verification;
  if (!executed) return `Not executed: ${reason ?? 'the answer holds no code.'}`;
  const failed = checks.filter(({ passed }) => !passed);
  const after = rounds > 0 ? ` after ${rounds} ${rounds === 1 ? 'repair' : 'repairs'}` : '';
  const count = `Executed (${language}): ${describeChecks(checks)}${after}.`;
  const outcome = agreement ? `${count} ${describeAgreement(agreement)}` : count;
  if (failed.length === 0) return outcome;
  const lines = failed.slice(0, 5).map(({ name, error = '' }) => `- ${name}: ${lastLine(error)}`);
  const verdict = isVerified(verification)
    ? 'The examples of the request hold; tests of its own do not:'
    : 'It does not work yet:';
  return [`${outcome} ${verdict}`, ...lines].join('\n');
}

/** In half a sentence; that nothing was put to a program is said, rather than that all of it passed. */
export function describeChecks(checks: readonly CheckResult[]): string {
  const passed = checks.filter((check) => check.passed).length;
  if (isTested({ checks })) return `${passed} of ${checks.length} checks passed`;
  return passed === checks.length ? 'it runs, and nothing else was tested' : 'it does not run';
}

/** How many drafts return what the answer returns, and how many failed beside them. */
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
