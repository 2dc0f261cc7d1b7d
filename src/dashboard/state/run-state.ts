/** The state of a run in the page: from its events where the page follows it, otherwise as the API describes it. */
import type { RunDescription } from '../../contract/replies';
import { describeState, makeFacts, readFacts, STATE_NAMES, type DescribedState } from '../../events/run-state';
import { hasWorker } from './health';
import type { DashboardRun } from './run-view';

export interface ShownRunState extends DescribedState {
  /** For the style: how the run ended, or its state while it is open. */
  status: string;
}

/** The state of a listed run. */
export function readListedState({ status, state, state_label, waiting_until }: RunDescription): ShownRunState {
  return {
    state,
    label: state_label,
    tone: STATE_NAMES[state].tone,
    ...(waiting_until === null ? {} : { until: waiting_until }),
    status: status === 'running' ? state : status,
  };
}

/** The state of a followed run. Whether a worker is running is only known where it is observed. */
export function readRunState({ snapshot, description }: DashboardRun): ShownRunState {
  const described = description.value;
  if (snapshot.status === null && !snapshot.queued_behind) return readUnseenState(described);
  const facts = readFacts(snapshot, hasWorker.value);
  const checks = facts.checks ?? described?.checks_summary ?? undefined;
  const queuedBehind = described?.queued_behind?.length ?? facts.queuedBehind;
  return withStatus(describeState({ ...facts, checks, queuedBehind }), snapshot.status ?? 'running');
}

/** Before the first event, the description says what the run is doing, until the workers are known to be gone. */
function readUnseenState(described: RunDescription | undefined): ShownRunState {
  const isAsDescribed = described && (described.status !== 'running' || hasWorker.value !== false);
  if (isAsDescribed && described.state !== 'no_worker') return readListedState(described);
  const facts = { ...makeFacts('running'), hasTurns: false, hasWorker: hasWorker.value };
  return withStatus(describeState(facts), 'running');
}

function withStatus(described: DescribedState, status: string): ShownRunState {
  return { ...described, status: status === 'running' ? described.state : status };
}
