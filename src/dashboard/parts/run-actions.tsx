/** What can be done with a run. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { call, failureOf } from '../state/api';
import type { RunView } from '../state/run-view';
import { Icon } from './icons';

export function RunActions({ run }: { run: RunView }): JSX.Element {
  const problem = useSignal('');
  const stopping = useSignal(false);
  void run.version.value;
  const { status } = run.snapshot;
  async function stop(): Promise<void> {
    stopping.value = true;
    try {
      await call(`/runs/${encodeURIComponent(run.id)}/cancel`, { method: 'POST' });
      problem.value = '';
    } catch (error) {
      problem.value = failureOf(error).message;
      stopping.value = false;
    }
  }
  return (
    <div class="actions">
      {status === 'running' && (
        <button type="button" class="danger" disabled={stopping.value} onClick={() => void stop()}>
          <Icon name="stop" size={16} />
          {stopping.value ? 'Stopping' : 'Stop'}
        </button>
      )}
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
    </div>
  );
}
