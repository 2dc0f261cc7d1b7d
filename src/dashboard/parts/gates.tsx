/** The questions that a run asks a person, each with the text that is to be judged; the run continues when they are answered. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import type { GateSnapshot } from '../../contract';
import { count } from '../format';
import { visible } from '../markdown/visible';
import { refreshInbox } from '../state/inbox';
import type { DashboardRun } from '../state/run-view';
import { showTurn } from '../state/selection';
import { steer } from '../state/steering';
import type { TurnView } from '../state/turn-view';
import { useAttempt } from './attempt';
import { Icon } from './icons';
import { Loading } from './notices';
import { TurnText } from './turn-text';

const WordDiff = lazy(() => import('./word-diff'));

/** A longer text is announced with its length. UTF-16 units. */
const LONG_TEXT = 50_000;

export function findOpenGates({ snapshot: { status, gates } }: DashboardRun): GateSnapshot[] {
  return status === 'running' ? gates.filter((gate) => gate.status === 'open') : [];
}

export function GatesPanel({ run }: { run: DashboardRun }): JSX.Element {
  void run.version.value;
  return (
    <>
      {findOpenGates(run).map((gate) => (
        <Gate key={gate.gate} run={run} gate={gate} />
      ))}
    </>
  );
}

function Gate({ run, gate }: { run: DashboardRun; gate: GateSnapshot }): JSX.Element {
  const title = `gate-${gate.gate}`;
  return (
    <section class="gate" aria-labelledby={title} role="group">
      <header>
        <span class="notice-icon">
          <Icon name="message" size={22} />
        </span>
        <div>
          <h2 id={title}>{gate.about ? gate.question : 'Approve more cost?'}</h2>
          <p class="faint">{gate.about ? 'Paused for your approval. Nothing is being spent.' : gate.question}</p>
        </div>
      </header>
      {gate.about ? (
        <JudgedText run={run} gate={gate} about={gate.about} />
      ) : (
        <p>Turns in progress finish; no further turn starts. If you reject, the run ends with what it has.</p>
      )}
      <Decision runId={run.id} gate={gate} />
    </section>
  );
}

interface JudgedTextProps {
  run: DashboardRun;
  gate: GateSnapshot;
  about: string;
}

/** The text that is to be judged, and how it differs from the one that was rejected before. */
function JudgedText({ run, gate, about }: JudgedTextProps): JSX.Element {
  const changes = useSignal(false);
  const view = findTurn(run, about);
  if (!view) return <Loading what="the text" />;
  const before = findRejected(run, gate);
  const { text } = view.snapshot;
  return (
    <>
      <div class="gate-tools">
        {before && (
          <label class="check">
            <input
              type="checkbox"
              checked={changes.value}
              onChange={({ currentTarget }) => (changes.value = currentTarget.checked)}
            />
            Show changes since the rejected plan
          </label>
        )}
        {text.length > LONG_TEXT && <span class="faint">{count(text.length)} characters</span>}
        <button type="button" class="link" onClick={() => showTurn(about)}>
          Show it in its lane
        </button>
      </div>
      {before?.gate.reason && (
        <p class="note past">
          <Icon name="close" size={16} />
          <span dir="auto">The last plan was rejected: {visible(before.gate.reason)}</span>
        </p>
      )}
      <div class="gate-text" tabIndex={0} role="region" aria-label={`Text of ${view.snapshot.label}`}>
        {changes.value && before ? (
          <ErrorBoundary>
            <WordDiff before={before.text} after={text} />
          </ErrorBoundary>
        ) : (
          <TurnText view={view} source={false} onChange={() => undefined} isCopy />
        )}
      </div>
    </>
  );
}

const findTurn = (run: DashboardRun, id: string): TurnView | undefined =>
  run.turns.value.find(({ snapshot }) => snapshot.turn === id);

/** The text that was rejected last before this gate. */
function findRejected(
  run: DashboardRun,
  { opened_at }: GateSnapshot,
): { gate: GateSnapshot; text: string } | undefined {
  const gate = run.snapshot.gates.findLast(
    (one) => one.status === 'rejected' && one.about !== null && one.opened_at < opened_at,
  );
  const text = gate?.about && findTurn(run, gate.about)?.snapshot.text;
  return gate && text ? { gate, text } : undefined;
}

/** Without a reason, reject asks for it instead of failing. */
function Decision({ runId, gate: { gate, about } }: { runId: string; gate: GateSnapshot }): JSX.Element {
  const reason = useSignal('');
  const asked = useSignal(false);
  const place = useRef<HTMLTextAreaElement>(null);
  const { busy, problem, run } = useAttempt();
  const decide = (word: 'approve' | 'reject') =>
    void run(() => steer(runId, word, { gate, reason: reason.value })).then(refreshInbox);
  const reject = () => {
    if (reason.value.trim()) return decide('reject');
    asked.value = true;
    place.current?.focus();
  };
  return (
    <div class="gate-decision">
      <ReasonField gate={gate} about={about} reason={reason} asked={asked} place={place} />
      <div class="gate-end">
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <button type="button" class="danger" disabled={busy} onClick={reject}>
          {about ? 'Reject' : 'Reject and end the run'}
        </button>
        <button type="button" class="primary" disabled={busy} onClick={() => decide('approve')}>
          <Icon name="check" size={16} />
          {about ? 'Approve' : 'Approve and continue'}
        </button>
      </div>
    </div>
  );
}

interface ReasonFieldProps extends Pick<GateSnapshot, 'gate' | 'about'> {
  reason: Signal<string>;
  /** Whether a reason was missing. */
  asked: Signal<boolean>;
  place: { current: HTMLTextAreaElement | null };
}

function ReasonField({ gate, about, reason, asked, place }: ReasonFieldProps): JSX.Element {
  const field = `reason-${gate}`;
  const missing = asked.value && !reason.value.trim();
  return (
    <>
      <label class="off-screen" for={field}>
        Reason
      </label>
      <textarea
        id={field}
        ref={place}
        rows={2}
        placeholder={about ? 'Feedback for the next draft (required to reject)' : 'Reason (required to reject)'}
        aria-invalid={missing}
        aria-describedby={missing ? `${field}-missing` : undefined}
        value={reason.value}
        onInput={({ currentTarget }) => (reason.value = currentTarget.value)}
      />
      {missing && (
        <p class="problem" role="alert" id={`${field}-missing`}>
          {about
            ? 'Say what is wrong: the next draft is written from your reason.'
            : 'Say why: the reason ends the run.'}
        </p>
      )}
    </>
  );
}
