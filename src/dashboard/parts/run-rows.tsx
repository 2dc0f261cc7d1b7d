/** Runs as rows that lead to them. */
import type { JSX } from 'preact';
import { ago, duration, moment } from '../format';
import { visible } from '../markdown/visible';
import { now } from '../state/clock';
import type { RunEntry } from '../state/run-page';
import { nameOf } from '../state/swarms';
import { StatusPill } from './status';

export function RunRows({ runs }: { runs: RunEntry[] }): JSX.Element {
  return (
    <ul class="rows">
      {runs.map((run) => (
        <li key={run.run_id}>
          <RunRow run={run} />
        </li>
      ))}
    </ul>
  );
}

function RunRow({ run }: { run: RunEntry }): JSX.Element {
  const began = Date.parse(run.started_at);
  const took = (run.ended_at ? Date.parse(run.ended_at) : now.value) - began;
  return (
    <a class="row" href={`/dashboard/runs/${encodeURIComponent(run.run_id)}`}>
      <StatusPill status={run.status} />
      <span class="row-text" dir="auto">
        {visible(run.message) || run.run_id}
      </span>
      <span class="row-swarm faint">{nameOf(run.swarm_id)}</span>
      <span class="row-took faint">{duration(took)}</span>
      <time class="faint" dateTime={run.started_at} title={moment(began)}>
        {ago(began, now.value)}
      </time>
    </a>
  );
}
