/** The origin of a run, and its forks. */
import type { JSX } from 'preact';
import { ago } from '../format';
import { visible } from '../markdown/visible';
import { now } from '../state/clock';
import { writeStepTitle } from '../state/run-graph';
import { findGraph } from '../state/swarms';
import type { RunDescription, RunPage } from '../../contract/replies';
import type { DashboardRun } from '../state/run-view';
import { ForkEdit } from './fork-edit';
import { Icon } from './icons';
import { useAnswer } from './page';
import { readListedState } from '../state/run-state';
import { RunStatePill } from './status';

const EVERY_MS = 10_000;
const SHOWN = 20;

const makePagePath = (runId: string): string => `/dashboard/runs/${encodeURIComponent(runId)}`;
const comparison = (first: string, second: string): string =>
  `/dashboard/compare/${encodeURIComponent(first)}/${encodeURIComponent(second)}`;

/** The run that this one was forked from. */
export function OriginLink({ run }: { run: DashboardRun }): JSX.Element | null {
  void run.version.value;
  const origin = run.snapshot.forked_from ?? run.description.value?.forked_from;
  return origin ? <Origin run={run} parent={origin.run_id} from={origin.from} /> : null;
}

/** The forks of this run, once it has ended. */
export function ForkLinks({ run }: { run: DashboardRun }): JSX.Element | null {
  void run.version.value;
  const { status } = run.snapshot;
  return status !== null && status !== 'running' ? <Forks run={run} /> : null;
}

function Origin({ run, parent, from }: { run: DashboardRun; parent: string; from: string }): JSX.Element {
  const turns = run.turns.value;
  turns.forEach(({ version }) => void version.value);
  const taken = turns.filter(({ snapshot }) => snapshot.reused_from).length;
  return (
    <section class="lineage" aria-label="Where this run comes from">
      <Icon name="fork" size={16} />
      <p>
        Forked from <a href={makePagePath(parent)}>an earlier run</a> at{' '}
        <strong>{visible(findLabel(from, run))}</strong>
        {taken > 0 && `; ${taken} of ${turns.length} turns were reused`}
      </p>
      <a class="button small" href={comparison(parent, run.id)}>
        <Icon name="compare" size={15} />
        Compare with it
      </a>
      <ForkEdit runId={run.id} />
    </section>
  );
}

/** A step is a turn or a stage. */
function findLabel(step: string, run: DashboardRun): string {
  const turns = run.turns.value.map(({ snapshot }) => snapshot);
  return writeStepTitle(step, turns, findGraph(run.snapshot, run.snapshot.swarm_id ?? ''));
}

function Forks({ run }: { run: DashboardRun }): JSX.Element | null {
  const { data } = useAnswer<RunPage>(`/runs?forked_from=${encodeURIComponent(run.id)}&limit=${SHOWN}`, {
    everyMs: EVERY_MS,
  });
  const forks = data.value?.runs ?? [];
  if (forks.length === 0) return null;
  return (
    <section class="lineage" aria-label="Forks of this run">
      <Icon name="fork" size={16} />
      <p>{forks.length === 1 ? 'Forked once' : `Forked ${forks.length} times`}</p>
      <ul>
        {forks.map((fork) => (
          <li key={fork.run_id}>
            <Fork of={run} fork={fork} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Fork({ of, fork }: { of: DashboardRun; fork: RunDescription }): JSX.Element {
  const { run_id, started_at, forked_from } = fork;
  return (
    <>
      <RunStatePill state={readListedState(fork)} />
      <a href={makePagePath(run_id)}>At {visible(findLabel(forked_from?.from ?? '', of))}</a>
      <time class="faint">{ago(Date.parse(started_at), now.value)}</time>
      <a href={comparison(of.id, run_id)}>Compare</a>
    </>
  );
}
