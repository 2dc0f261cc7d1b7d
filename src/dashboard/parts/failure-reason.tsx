/** Why a run has ended without an answer, and at which turn. */
import type { JSX } from 'preact';
import { visible } from '../markdown/visible';
import { findFailedTurn } from '../state/again';
import type { DashboardRun } from '../state/run-view';
import { showTurn } from '../state/selection';
import { Icon } from './icons';
import { writeReason } from './turn-notes';

export function FailureReason({ run }: { run: DashboardRun }): JSX.Element | null {
  void run.version.value;
  const { status } = run.snapshot;
  const failure = run.snapshot.failure ?? run.description.value?.failure;
  if (!failure || (status !== 'failed' && status !== 'cancelled')) return null;
  const isCancelled = status === 'cancelled';
  return (
    <p class={`failure-reason ${status}`} role="status">
      <Icon name={isCancelled ? 'stop' : 'warn'} size={17} />
      <span>
        <strong>{isCancelled ? 'Cancelled' : writeReason(failure.code)}</strong>
        {!isCancelled && <FailedTurn run={run} />}: <span dir="auto">{visible(failure.message)}</span>
      </span>
    </p>
  );
}

function FailedTurn({ run }: { run: DashboardRun }): JSX.Element | null {
  const turn = findFailedTurn(run.snapshot);
  if (!turn) return null;
  return (
    <>
      {' '}
      at{' '}
      <button type="button" class="link" onClick={() => showTurn(turn.turn)}>
        {visible(turn.label)}
      </button>
    </>
  );
}
