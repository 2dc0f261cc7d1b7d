/** The result of executing a turn's code: at the turn while it runs, and check by check with the run's result. */
import type { JSX } from 'preact';
import type { CheckOrigin, CheckResult, CheckSnapshot, Verification } from '../../contract';
import { countChecks, describeAgreement, isTested } from '../../contract/verification';
import { duration, plural } from '../format';
import { visible } from '../markdown/visible';
import { Icon, type IconName } from './icons';

/** The outcome in a few words. */
function describeOutcome({ status, executed, reason, killed, passed = 0, failed = 0 }: CheckSnapshot): string {
  if (status === 'running') return 'Executing';
  if (!executed) return `Not executed: ${reason ?? 'there is no code'}`;
  const counted = `${passed} of ${plural(passed + failed, 'check')} passed`;
  return killed ? `${counted}; stopped at its limit of ${killed}` : counted;
}

/** The outcome of a failed execution, for a label. */
export function describeFailedCheck({ executed, killed, passed = 0, failed = 0 }: CheckSnapshot): string {
  if (!executed) return 'Not executed';
  return killed && failed === 0 ? `Stopped: ${killed}` : `${failed} of ${plural(passed + failed, 'check')} failed`;
}

const ICONS: Record<CheckSnapshot['status'], IconName> = { running: 'play', passed: 'check', failed: 'warn' };

export function CheckPanel({ check }: { check: CheckSnapshot }): JSX.Element {
  const { status, language, executed, errors = [], output = '', ms } = check;
  const tone = executed === false ? 'skipped' : status;
  return (
    <section class={`execution ${tone}`} aria-label="Execution" aria-busy={status === 'running'}>
      <p class="execution-title" role="status">
        <Icon name={ICONS[status]} size={15} />
        <strong>{visible(describeOutcome(check))}</strong>
        <span class="faint">{[language, ms === undefined ? '' : duration(ms)].filter(Boolean).join(', ')}</span>
      </p>
      {errors.length > 0 && <Errors errors={errors} />}
      {output && <Output text={output} />}
    </section>
  );
}

function Errors({ errors }: { errors: string[] }): JSX.Element {
  return (
    <ul>
      {errors.map((error) => (
        <li key={error}>
          <pre dir="auto">{visible(error)}</pre>
        </li>
      ))}
    </ul>
  );
}

function Output({ text }: { text: string }): JSX.Element {
  return (
    <details>
      <summary>Output</summary>
      <pre dir="auto" tabIndex={0}>
        {visible(text)}
      </pre>
    </details>
  );
}

const ORIGINS: Record<CheckOrigin, string> = { request: 'from the task', own: 'its own test', load: 'loads' };

export function VerificationReport({ verification }: { verification: Verification }): JSX.Element {
  const { executed, passed, checks, output, agreement } = verification;
  const works = executed && passed;
  return (
    <section class={`verification ${works ? 'passed' : executed ? 'failed' : 'skipped'}`} aria-label="Verification">
      <header>
        <Icon name={works ? 'check' : 'warn'} size={18} />
        <h3>{writeTitle(verification)}</h3>
        <p class="faint">{tell(verification)}</p>
        {agreement && <p class="faint">{describeAgreement(agreement)}</p>}
      </header>
      {checks.length > 0 && (
        <ol class="check-list" tabIndex={0} aria-label="Checks">
          {checks.map((check, index) => (
            <CheckRow key={index} check={check} />
          ))}
        </ol>
      )}
      <Unlisted verification={verification} />
      {output && <Output text={output} />}
    </section>
  );
}

/** The outcome in a few words. */
function writeTitle(verification: Verification): string {
  const { executed, killed } = verification;
  if (!executed) return 'Not executed';
  const { total, failed } = countChecks(verification);
  if (failed > 0) return `${failed} of ${plural(total, 'check')} failed`;
  if (killed) return `Stopped at its limit of ${killed}`;
  return isTested(verification) ? 'All checks passed' : 'It runs; nothing tested it';
}

function Unlisted({ verification }: { verification: Verification }): JSX.Element | null {
  const count = countChecks(verification).total - verification.checks.length;
  return count > 0 ? <p class="faint">{`${plural(count, 'more check')} not listed`}</p> : null;
}

function tell(verification: Verification): string {
  const { executed, reason, language, rounds, ms } = verification;
  if (!executed) return visible(reason ?? 'The answer holds no code.');
  const { total, failed } = countChecks(verification);
  const parts = [language, `${total - failed} of ${plural(total, 'check')} passed`, repairs(rounds), duration(ms)];
  return visible(parts.join(', '));
}

function repairs(rounds: number): string {
  return rounds === 0 ? 'on the first try' : `after ${plural(rounds, 'repair')}`;
}

function CheckRow({ check: { name, origin, passed, error } }: { check: CheckResult }): JSX.Element {
  return (
    <li class={passed ? 'passed' : 'failed'}>
      <Icon name={passed ? 'check' : 'close'} size={14} />
      <span class="off-screen">{passed ? 'Passed: ' : 'Failed: '}</span>
      <code class="mono" dir="auto">
        {visible(name)}
      </code>
      <span class="faint">{ORIGINS[origin]}</span>
      {error && <pre dir="auto">{visible(error)}</pre>}
    </li>
  );
}
