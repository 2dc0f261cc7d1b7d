/** What can be done with a run. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import type { RunView } from '../state/run-view';
import { steer, stopRun } from '../state/steering';
import { useAttempt, type Attempt } from './attempt';
import { CompareDialog } from './compare-dialog';
import { Icon } from './icons';
import { MessageDialog } from './message-dialog';

type Open = 'message' | 'compare' | undefined;

interface RunActionsProps {
  run: RunView;
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
      {run.snapshot.status === 'running' && <Steering run={run} attempt={attempt} open={open} />}
      {hasEnded(run) && (
        <button type="button" onClick={fork}>
          <Icon name="fork" size={16} />
          Fork
        </button>
      )}
      <button type="button" onClick={() => (open.value = 'compare')}>
        <Icon name="compare" size={16} />
        Compare
      </button>
      {attempt.problem && (
        <p class="problem" role="alert">
          {attempt.problem}
        </p>
      )}
      {open.value === 'message' && <MessageDialog runId={run.id} onClose={close} />}
      {open.value === 'compare' && <CompareDialog run={run} onClose={close} />}
    </div>
  );
}

/** What is under way has no result that a fork could take over. */
export function hasEnded({ snapshot: { status } }: RunView): boolean {
  return status !== null && status !== 'running';
}

interface SteeringProps {
  run: RunView;
  attempt: Attempt;
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
        Message
      </button>
      <button type="button" class="danger" disabled={stopping.value} onClick={() => void stop()}>
        <Icon name="stop" size={14} />
        {stopping.value ? 'Stopping' : 'Stop'}
      </button>
    </>
  );
}
