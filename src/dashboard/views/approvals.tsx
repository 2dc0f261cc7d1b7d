/** The runs that wait for a person, each with what is to be decided. */
import type { JSX } from 'preact';
import { visible } from '../markdown/visible';
import { GatesPanel } from '../parts/gates';
import { Notice } from '../parts/notices';
import { usePageTitle } from '../parts/page';
import type { RunDescription } from '../../contract/replies';
import { ago } from '../format';
import { now } from '../state/clock';
import { inbox } from '../state/inbox';
import { openRun } from '../state/runs';
import { nameSwarm } from '../state/swarms';

export function Approvals(): JSX.Element {
  usePageTitle('Approvals');
  const waiting = inbox.value;
  return (
    <div class="page">
      <header class="page-title">
        <h1>Approvals</h1>
        <p class="faint">Runs that wait for your decision. Nothing is being spent while they wait.</p>
      </header>
      {waiting.length === 0 && (
        <Notice icon="check" title="Nothing needs approval">
          <p>A run appears here while it waits for a decision about its plan or its cost.</p>
        </Notice>
      )}
      {waiting.map((run) => (
        <Waiting key={run.run_id} run={run} />
      ))}
    </div>
  );
}

function Waiting({ run: { run_id, message, swarm_id, started_at } }: { run: RunDescription }): JSX.Element {
  return (
    <section class="waiting-run">
      <header>
        <a href={`/dashboard/runs/${encodeURIComponent(run_id)}`} dir="auto">
          {visible(message)}
        </a>
        <span class="faint">
          {nameSwarm(swarm_id)}, {ago(Date.parse(started_at), now.value)}
        </span>
      </header>
      <GatesPanel run={openRun(run_id)} />
    </section>
  );
}
