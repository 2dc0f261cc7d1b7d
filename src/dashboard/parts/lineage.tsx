/** Where a run comes from, and what was made of it. */
import type { JSX } from 'preact';
import { ago } from '../format';
import { visible } from '../markdown/visible';
import { now } from '../state/clock';
import { titleOf } from '../state/picture';
import type { RunEntry, RunPage } from '../state/run-page';
import type { RunView } from '../state/run-view';
import type { TurnView } from '../state/turn-view';
import { Icon } from './icons';
import { useAnswer } from './page';
import { StatusPill } from './status';

const EVERY_MS = 10_000;
const SHOWN = 20;

const pageOf = (runId: string): string => `/dashboard/runs/${encodeURIComponent(runId)}`;
const comparison = (first: string, second: string): string =>
  `/dashboard/compare/${encodeURIComponent(first)}/${encodeURIComponent(second)}`;

export function Lineage({ run }: { run: RunView }): JSX.Element | null {
  void run.version.value;
  const { status } = run.snapshot;
  const origin = run.description.value?.forked_from;
  return (
    <>
      {origin && <Origin run={run} parent={origin.run_id} from={origin.from} />}
      {status !== null && status !== 'running' && <Forks run={run} />}
    </>
  );
}

function Origin({ run, parent, from }: { run: RunView; parent: string; from: string }): JSX.Element {
  const turns = run.turns.value;
  turns.forEach(({ version }) => void version.value);
  const taken = turns.filter(({ snapshot }) => snapshot.reused_from).length;
  return (
    <section class="lineage" aria-label="Where this run comes from">
      <Icon name="fork" size={16} />
      <p>
        Forked from <a href={pageOf(parent)}>an earlier run</a> at <strong>{visible(labelOf(from, turns))}</strong>
        {taken > 0 && `; ${taken} of ${turns.length} turns were taken over`}
      </p>
      <a class="button small" href={comparison(parent, run.id)}>
        <Icon name="compare" size={15} />
        Compare with it
      </a>
    </section>
  );
}

/** A step is a turn or a stage. */
function labelOf(step: string, turns: readonly TurnView[]): string {
  return turns.find(({ snapshot }) => snapshot.turn === step)?.snapshot.label ?? titleOf(step);
}

function Forks({ run }: { run: RunView }): JSX.Element | null {
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

function Fork({ of, fork }: { of: RunView; fork: RunEntry }): JSX.Element {
  const { run_id, status, started_at, forked_from } = fork;
  return (
    <>
      <StatusPill status={status} />
      <a href={pageOf(run_id)}>At {visible(labelOf(forked_from?.from ?? '', of.turns.value))}</a>
      <time class="faint">{ago(Date.parse(started_at), now.value)}</time>
      <a href={comparison(of.id, run_id)}>Compare</a>
    </>
  );
}
