/** What executing a turn's code has shown: at the turn as it happens, and check by check with the result. */
import type { JSX } from 'preact';
import type { CheckOrigin, CheckResult, CheckSnapshot, Verification } from '../../contract';
import { describeAgreement } from '../../contract/verification';
import { duration, plural } from '../format';
import { visible } from '../markdown/visible';
import { Icon, type IconName } from './icons';

/** The outcome in a few words. */
export function outcomeOf({ status, executed, reason, killed, passed = 0, failed = 0 }: CheckSnapshot): string {
  if (status === 'running') return 'Executing';
  if (!executed) return `Not executed: ${reason ?? 'there is no code'}`;
  const counted = `${passed} of ${plural(passed + failed, 'check')} passed`;
  return killed ? `${counted}; stopped at its limit of ${killed}` : counted;
}

const ICONS: Record<CheckSnapshot['status'], IconName> = { running: 'play', passed: 'check', failed: 'warn' };

export function TurnCheck({ check }: { check: CheckSnapshot }): JSX.Element {
  const { status, language, executed, errors = [], output = '', ms } = check;
  const tone = executed === false ? 'skipped' : status;
  return (
    <section class={`execution ${tone}`} aria-label="Execution" aria-busy={status === 'running'}>
      <p class="execution-title" role="status">
        <Icon name={ICONS[status]} size={15} />
        <strong>{visible(outcomeOf(check))}</strong>
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
      <summary>What it printed</summary>
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
        <h3>{works ? 'Executed, and it works' : executed ? 'Executed, and it fails' : 'Not executed'}</h3>
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
      {output && <Output text={output} />}
    </section>
  );
}

function tell({ executed, reason, language, checks, rounds, ms }: Verification): string {
  if (!executed) return visible(reason ?? 'The answer holds no code.');
  const held = checks.filter(({ passed }) => passed).length;
  const parts = [language, `${held} of ${plural(checks.length, 'check')} passed`, repairs(rounds), duration(ms)];
  return visible(parts.join(', '));
}

function repairs(rounds: number): string {
  return rounds === 0 ? 'at the first try' : `after ${plural(rounds, 'repair')}`;
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
