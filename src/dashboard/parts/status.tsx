/** The state of a run, a turn or a model: a dot with a word. */
import type { JSX } from 'preact';
import { clock } from '../format';
import type { NodeStatus } from '../state/run-graph';
import type { ShownRunState } from '../state/run-state';

const WORDS: Record<NodeStatus, string> = {
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  waiting: 'Waiting',
  ahead: 'Pending',
  skipped: 'Skipped',
  unreached: 'Not reached',
  interrupted: 'Interrupted',
  cancelled: 'Cancelled',
  stopped: 'Stopped',
  rejected: 'Rejected',
};

export function StatusPill({ status, word }: { status: NodeStatus; word?: string }): JSX.Element {
  return (
    <span class={`pill status-${status}`}>
      <span class="dot" aria-hidden="true" />
      {word ?? WORDS[status]}
    </span>
  );
}

/** The state of a run, as the API and the terminal call it. */
export function RunStatePill({ state }: { state: ShownRunState }): JSX.Element {
  const { status, tone } = state;
  const label = writeRunState(state);
  return (
    <span class={`pill tone-${tone} status-${status}`} data-state={state.state} title={label}>
      <span class="dot" aria-hidden="true" />
      <span class="pill-text">{label}</span>
    </span>
  );
}

/** The label of a state, with the time until which the run waits. */
function writeRunState({ label, until }: Pick<ShownRunState, 'label' | 'until'>): string {
  return until === undefined ? label : label.replace(/\)$/, `, until ${clock(until)})`);
}
