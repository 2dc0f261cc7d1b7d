/** Where a run or a turn stands: a dot with a word. */
import type { JSX } from 'preact';
import type { RunStatus } from '../../contract';
import type { NodeStatus } from '../state/picture';

type Status = RunStatus | NodeStatus | 'paused';

const WORDS: Record<Status, string> = {
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
  waiting: 'Waiting',
  ahead: 'To come',
  skipped: 'Not needed',
  paused: 'Paused',
};

export function StatusPill({ status, word }: { status: Status; word?: string }): JSX.Element {
  return (
    <span class={`pill status-${status}`}>
      <span class="dot" aria-hidden="true" />
      {word ?? WORDS[status]}
    </span>
  );
}
