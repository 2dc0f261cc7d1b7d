/** The actions of a run that has ended: run it again, with or without changes, or retry what failed. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { MULTI } from '../../contract/names';
import { visible } from '../markdown/visible';
import { findFailedTurn, readRequest, startAgain } from '../state/again';
import { forkRun } from '../state/forking';
import { newKey } from '../state/key';
import type { DashboardRun } from '../state/run-view';
import { useAttempt } from './attempt';
import { Icon } from './icons';

interface EndedActionsProps {
  run: DashboardRun;
  /** Opens the fork dialog. */
  fork: () => void;
}

export function EndedActions({ run, fork }: EndedActionsProps): JSX.Element {
  const { route } = useLocation();
  const { problem, run: attempt } = useAttempt();
  const starting = useSignal(false);
  const key = useMemo(newKey, [run.id]);
  const failed = findFailedTurn(run.snapshot);
  const start = async (work: () => Promise<string>) => {
    starting.value = true;
    await attempt(async () => route(`/dashboard/runs/${encodeURIComponent(await work())}`));
    starting.value = false;
  };
  const again = () => void start(async () => startAgain(await readRequest(run.id), `again-${key}`));
  const retry = (from: string) => void start(() => forkRun(run.id, { from }, `retry-${key}`));
  return (
    <>
      {failed && (
        <button type="button" class="primary" disabled={starting.value} onClick={() => retry(failed.turn)}>
          <Icon name="resume" size={16} />
          Retry from {visible(failed.label)}
        </button>
      )}
      <button type="button" disabled={starting.value} onClick={again}>
        <Icon name="restart" size={16} />
        Run again
      </button>
      {run.snapshot.swarm_id !== MULTI && (
        <a class="button" href={`/dashboard?again=${encodeURIComponent(run.id)}`}>
          <Icon name="edit" size={16} />
          Edit and run again
        </a>
      )}
      <button type="button" onClick={fork}>
        <Icon name="fork" size={16} />
        Fork
      </button>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
