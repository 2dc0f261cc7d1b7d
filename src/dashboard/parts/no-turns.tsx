/** Replaces the lanes while a run has no turns, and explains why it has none. */
import type { JSX } from 'preact';
import type { RunState } from '../../contract/names';
import { visible } from '../markdown/visible';
import { readRunState } from '../state/run-state';
import type { DashboardRun } from '../state/run-view';
import { Notice } from './notices';
import { writeReason } from './turn-notes';

const REASONS: Partial<Record<RunState, string>> = {
  queued: 'It starts when the earlier runs of its session have ended.',
  no_worker: 'Nothing executes it until a worker starts. Stop cancels it as soon as one does.',
  starting: 'The first role is about to call its model.',
  paused: 'It starts when you resume it.',
  needs_approval: 'It continues when its question is answered.',
};

export function NoTurns({ run }: { run: DashboardRun }): JSX.Element {
  void run.version.value;
  const { status, failure } = run.snapshot;
  if (status !== null && status !== 'running')
    return (
      <Notice icon="clock" title="No turns">
        <p>The run ended before its first turn.</p>
        {failure && (
          <p>
            {writeReason(failure.code)}: {visible(failure.message)}
          </p>
        )}
      </Notice>
    );
  const { state, label } = readRunState(run);
  return (
    <Notice icon={state === 'no_worker' ? 'warn' : 'clock'} title={label}>
      <p>{REASONS[state] ?? ''}</p>
    </Notice>
  );
}
