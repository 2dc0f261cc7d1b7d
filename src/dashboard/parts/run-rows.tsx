/** Runs as rows that link to them. */
import type { JSX } from 'preact';
import { ago, duration, moment } from '../format';
import { visible } from '../markdown/visible';
import { now } from '../state/clock';
import type { RunDescription } from '../../contract/replies';
import { nameSwarm } from '../state/swarms';
import { readListedState } from '../state/run-state';
import { ForkMark } from './fork-mark';
import { RunStatePill } from './status';

export function RunRows({ runs }: { runs: RunDescription[] }): JSX.Element {
  return (
    <ul class="rows" data-arrows="a.row">
      {runs.map((run) => (
        <li key={run.run_id}>
          <RunRow run={run} />
        </li>
      ))}
    </ul>
  );
}

function RunRow({ run }: { run: RunDescription }): JSX.Element {
  const began = Date.parse(run.started_at);
  const took = (run.ended_at ? Date.parse(run.ended_at) : now.value) - began;
  return (
    <a class="row" href={`/dashboard/runs/${encodeURIComponent(run.run_id)}`}>
      <RunStatePill state={readListedState(run)} />
      <span class="row-text" dir="auto">
        {run.forked_from && <ForkMark />}
        {visible(run.message) || run.run_id}
      </span>
      <span class="row-swarm faint">{nameSwarm(run.swarm_id)}</span>
      <span class="row-took faint">{duration(took)}</span>
      <time class="faint" dateTime={run.started_at} title={moment(began)}>
        {ago(began, now.value)}
      </time>
    </a>
  );
}
