/** Stops all selected runs that are running, after a confirmation. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { RunDescription } from '../../contract/replies';
import { plural } from '../format';
import { stopRun } from '../state/steering';
import { Dialog } from './dialog';
import { Icon } from './icons';

/** Requests at a time. */
const AT_ONCE = 4;

interface BulkStopProps {
  /** The selected runs. */
  runs: RunDescription[];
  /** Ends the selection. */
  clear: () => void;
}

export function BulkStop({ runs, clear }: BulkStopProps): JSX.Element | null {
  const asking = useSignal(false);
  const outcome = useSignal('');
  const running = runs.filter(({ status }) => status === 'running');
  const stop = async () => {
    asking.value = false;
    const failed = await stopAll(running.map(({ run_id }) => run_id));
    const stopped = running.length - failed.length;
    outcome.value = `${plural(stopped, 'run')} stopped${failed.length > 0 ? `, ${failed.length} not: ${failed[0]}` : ''}.`;
    clear();
  };
  return (
    <div class="bulk" role="region" aria-label="Selected runs">
      <p role="status">{runs.length > 0 ? `${plural(runs.length, 'run')} selected` : outcome.value}</p>
      {runs.length > 0 && (
        <>
          <button
            type="button"
            class="danger small"
            disabled={running.length === 0}
            onClick={() => (asking.value = true)}
          >
            <Icon name="stop" size={13} />
            {running.length > 0 ? `Stop ${plural(running.length, 'run')}` : 'None of them is running'}
          </button>
          <button type="button" class="quiet small" onClick={clear}>
            Clear the selection
          </button>
        </>
      )}
      {asking.value && (
        <Dialog title={`Stop ${plural(running.length, 'run')}?`} onClose={() => (asking.value = false)}>
          <div class="dialog-body">
            <p>Their model calls and their spending stop within a second. The text so far stays.</p>
            <div class="dialog-end">
              <button type="button" onClick={() => (asking.value = false)}>
                Keep running
              </button>
              <button type="button" class="danger" onClick={() => void stop()}>
                Stop {plural(running.length, 'run')}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </div>
  );
}

/** Resolves to the messages of the requests that failed. */
async function stopAll(ids: readonly string[]): Promise<string[]> {
  const waiting = [...ids];
  const failed: string[] = [];
  const work = async () => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop())
      await stopRun(id).catch((error: unknown) => failed.push(error instanceof Error ? error.message : String(error)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failed;
}
