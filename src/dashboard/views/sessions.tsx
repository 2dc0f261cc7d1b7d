/** The sessions, which span several runs; found through those runs. */
import type { JSX } from 'preact';
import { ago, plural } from '../format';
import { visible } from '../markdown/visible';
import { Away, Loading, Notice } from '../parts/notices';
import { useAnswer, usePageTitle } from '../parts/page';
import { now } from '../state/clock';
import type { RunDescription, RunPage } from '../../contract/replies';

const RUNS = 100;

export function Sessions(): JSX.Element {
  usePageTitle('Sessions');
  const { data, failure, again } = useAnswer<RunPage>(`/runs?limit=${RUNS}`);
  return (
    <div class="page">
      <header class="page-title">
        <h1>Sessions</h1>
        <p class="faint">A session stores what was asked and answered; its next run sees that.</p>
      </header>
      {failure.value && <Away message={failure.value.message} retry={again} />}
      {!data.value && !failure.value && <Loading what="sessions" />}
      {data.value && <Found runs={data.value.runs} />}
    </div>
  );
}

function Found({ runs }: { runs: RunDescription[] }): JSX.Element {
  const sessions = Map.groupBy(runs, ({ session_id }) => session_id);
  if (sessions.size === 0)
    return (
      <Notice icon="sessions" title="No sessions yet">
        <p>Every run belongs to one; start the first.</p>
        <a class="button" href="/dashboard">
          Start a run
        </a>
      </Notice>
    );
  return (
    <ul class="rows">
      {[...sessions].map(([id, [newest, ...earlier]]) => (
        <li key={id}>
          <a class="row" href={`/dashboard/sessions/${encodeURIComponent(id)}`}>
            <span class="row-text" dir="auto">
              {visible(newest?.message ?? '')}
            </span>
            <span class="row-swarm mono faint">{id}</span>
            <span class="row-took faint">{plural(earlier.length + 1, 'run')}</span>
            <time class="faint" dateTime={newest?.started_at}>
              {ago(Date.parse(newest?.started_at ?? ''), now.value)}
            </time>
          </a>
        </li>
      ))}
    </ul>
  );
}
