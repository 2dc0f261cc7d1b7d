/** The versions of a run's code: drafts and repairs, each with its checks, and why one of them is the answer. Pure. */
import type { CheckSnapshot, Verification } from '../../contract';
import { describeAgreement } from '../../contract/verification';
import { plural } from '../format';
import type { TurnView } from './turn-view';

export interface CodeVersion {
  turn: string;
  label: string;
  code: string;
  check: CheckSnapshot;
  /** Whether this version is the answer of its run. */
  chosen: boolean;
}

/** `extract` returns the code in a text. */
export function listVersions(
  turns: readonly TurnView[],
  checks: readonly CheckSnapshot[],
  verification: Verification | null | undefined,
  extract: (text: string) => string,
): CodeVersion[] {
  return turns.flatMap(({ snapshot: { turn, label, text } }) => {
    const check = checks.find(({ about }) => about === turn);
    const code = check ? extract(text) : '';
    return check && code ? [{ turn, label, code, check, chosen: verification?.turn === turn }] : [];
  });
}

/** Why a version is the answer, in sentences; empty if the run has not chosen yet. */
export function explainChoice(versions: readonly CodeVersion[], verification: Verification | null | undefined): string {
  const chosen = versions.find((version) => version.chosen);
  if (!chosen || !verification) return '';
  const others = versions.filter((version) => !version.chosen && version.check.status !== 'running');
  const sentences = [`${chosen.label} is the answer: ${writeOutcome(chosen.check)}.`];
  if (verification.agreement) sentences.push(describeAgreement(verification.agreement));
  else if (others.length > 0) sentences.push(compareWith(others, chosen));
  if (verification.rounds > 0)
    sentences.push(`Failures went back to the model ${plural(verification.rounds, 'time')}.`);
  return sentences.join(' ');
}

/** Without compared drafts, the version with the largest share of passed checks is chosen. */
function compareWith(others: readonly CodeVersion[], chosen: CodeVersion): string {
  const worse = others.filter(({ check }) => passedShare(check) < passedShare(chosen.check));
  if (worse.length === others.length)
    return others.length === 1
      ? `The other version passes fewer: ${writeOutcome(others[0]!.check)}.`
      : `Each of the ${others.length} others passes fewer.`;
  return worse.length === 0
    ? `No other version passes fewer.`
    : `${worse.length} of the ${others.length} others pass fewer.`;
}

function passedShare({ executed, killed, passed = 0, failed = 0 }: CheckSnapshot): number {
  if (executed === false || killed) return -1;
  return passed + failed === 0 ? 0 : passed / (passed + failed);
}

export function writeOutcome({ status, executed, reason, killed, passed = 0, failed = 0 }: CheckSnapshot): string {
  if (status === 'running') return 'executing';
  if (executed === false) return `not executed (${reason ?? 'there is no code'})`;
  const counted = `${passed} of ${plural(passed + failed, 'check')} passed`;
  return killed ? `${counted}, stopped at its limit of ${killed}` : counted;
}
