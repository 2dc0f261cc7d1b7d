/** The actions that are available for a run. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import type { DashboardRun } from '../state/run-view';
import { steer, stopRun } from '../state/steering';
import { useAttempt, type ShownAttempt } from './attempt';
import { CompareDialog } from './compare-dialog';
import { EndedActions } from './ended-actions';
import { Icon } from './icons';
import { MessageDialog } from './message-dialog';

type Open = 'message' | 'compare' | 'share' | undefined;

const ExportDialog = lazy(() => import('./export-dialog'));

interface RunActionsProps {
  run: DashboardRun;
  /** Opens the fork dialog. */
  fork: () => void;
}

export function RunActions({ run, fork }: RunActionsProps): JSX.Element {
  void run.version.value;
  const attempt = useAttempt();
  const open = useSignal<Open>(undefined);
  const close = () => (open.value = undefined);
  return (
    <div class="actions">
      {!hasEnded(run) && <Steering run={run} attempt={attempt} open={open} />}
      {hasEnded(run) && <EndedActions run={run} fork={fork} />}
      <button type="button" onClick={() => (open.value = 'compare')}>
        <Icon name="compare" size={16} />
        Compare
      </button>
      <button type="button" onClick={() => (open.value = 'share')}>
        <Icon name="external" size={16} />
        Share
      </button>
      {attempt.problem && (
        <p class="problem" role="alert">
          {attempt.problem}
        </p>
      )}
      {open.value === 'message' && <MessageDialog runId={run.id} onClose={close} />}
      {open.value === 'compare' && <CompareDialog run={run} onClose={close} />}
      <ErrorBoundary>{open.value === 'share' && <ExportDialog run={run} onClose={close} />}</ErrorBoundary>
    </div>
  );
}

/** A running run has no result that a fork could reuse. */
export function hasEnded({ snapshot: { status } }: DashboardRun): boolean {
  return status !== null && status !== 'running';
}

interface SteeringProps {
  run: DashboardRun;
  attempt: ShownAttempt;
  open: Signal<Open>;
}

function Steering({ run, attempt, open }: SteeringProps): JSX.Element {
  const stopping = useSignal(false);
  const { paused } = run.snapshot;
  const hold = () => void attempt.run(() => steer(run.id, paused ? 'resume' : 'pause', {}));
  const stop = async () => {
    stopping.value = true;
    stopping.value = await attempt.run(() => stopRun(run.id));
  };
  return (
    <>
      <button type="button" disabled={attempt.busy} onClick={hold}>
        <Icon name={paused ? 'play' : 'pause'} size={16} />
        {paused ? 'Resume' : 'Pause'}
      </button>
      <button type="button" onClick={() => (open.value = 'message')}>
        <Icon name="message" size={16} />
        Send guidance
      </button>
      <button type="button" class="danger" disabled={stopping.value} onClick={() => void stop()}>
        <Icon name="stop" size={14} />
        {stopping.value ? 'Stopping' : 'Stop'}
      </button>
    </>
  );
}
