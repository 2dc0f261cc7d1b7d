/** Questions that a run asks a person: it goes on when they are answered. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { GateSnapshot } from '../../contract';
import type { RunView } from '../state/run-view';
import { steer } from '../state/steering';
import { useAttempt } from './attempt';
import { Icon } from './icons';
import { showTurn } from './pipeline';

export function Gates({ run }: { run: RunView }): JSX.Element {
  void run.version.value;
  const { status, gates } = run.snapshot;
  const open = status === 'running' ? gates.filter((gate) => gate.status === 'open') : [];
  return (
    <>
      {open.map((gate) => (
        <Gate key={gate.gate} runId={run.id} gate={gate} />
      ))}
    </>
  );
}

function Gate({ runId, gate: { gate, question, about } }: { runId: string; gate: GateSnapshot }): JSX.Element {
  const reason = useSignal('');
  const { busy, problem, run } = useAttempt();
  const decide = (word: 'approve' | 'reject') => void run(() => steer(runId, word, { gate, reason: reason.value }));
  const field = `reason-${gate}`;
  return (
    <section class="gate" aria-labelledby={`gate-${gate}`} role="alert">
      <span class="notice-icon">
        <Icon name="message" size={22} />
      </span>
      <div class="gate-question">
        <h2 id={`gate-${gate}`}>{question}</h2>
        <p class="faint">
          The run waits for you, and costs nothing meanwhile.{' '}
          {about && (
            <button type="button" class="link" onClick={() => showTurn(about)}>
              Show what is to be judged
            </button>
          )}
        </p>
      </div>
      <label class="off-screen" for={field}>
        Reason
      </label>
      <textarea
        id={field}
        rows={2}
        placeholder="A reason: the next attempt works from it"
        value={reason.value}
        onInput={({ currentTarget }) => (reason.value = currentTarget.value)}
      />
      <div class="gate-end">
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <button type="button" class="danger" disabled={busy || !reason.value.trim()} onClick={() => decide('reject')}>
          Reject
        </button>
        <button type="button" class="primary" disabled={busy} onClick={() => decide('approve')}>
          <Icon name="check" size={16} />
          Approve
        </button>
      </div>
    </section>
  );
}
