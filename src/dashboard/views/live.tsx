/** All active runs, side by side. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Away, Loading, Notice } from '../parts/notices';
import { useAnswer, usePageTitle } from '../parts/page';
import { RunTile } from '../parts/run-tile';
import { plural } from '../format';
import type { RunPage } from '../../contract/replies';
import { openRun } from '../state/runs';

const EVERY_MS = 3000;
const SHOWN = 60;
/** How long an ended run stays on the wall. */
const LINGERS_MS = 20_000;

/** The runs on the wall, with the time when they were last seen running. */
const onWall = signal<ReadonlyMap<string, number>>(new Map());

export function LiveView(): JSX.Element {
  usePageTitle('Live');
  const { data, failure, again } = useAnswer<RunPage>(`/runs?status=running&limit=${SHOWN}`, { everyMs: EVERY_MS });
  useEffect(() => {
    if (data.value)
      onWall.value = renew(
        onWall.peek(),
        data.value.runs.map(({ run_id }) => run_id),
      );
  }, [data.value]);
  const ids = [...onWall.value.keys()];
  return (
    <div class="page wide-page">
      <header class="page-title">
        <h1>Live</h1>
        {data.value && <p class="faint">{plural(data.value.runs.length, 'active run')}</p>}
      </header>
      {failure.value && <Away message={failure.value.message} retry={again} />}
      {!data.value && !failure.value && <Loading what="runs" />}
      {data.value && ids.length === 0 && (
        <Notice icon="live" title="No active runs">
          <p>Runs appear here while they are active, all side by side.</p>
          <a class="button" href="/dashboard">
            Start a run
          </a>
        </Notice>
      )}
      <ul class="wall">
        {ids.map((id) => (
          <li key={id}>
            <RunTile run={openRun(id)} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** New runs are appended, and ended runs leave after a delay, so that the others keep their places. */
function renew(wall: ReadonlyMap<string, number>, running: string[]): ReadonlyMap<string, number> {
  const now = Date.now();
  const kept = [...wall].filter(([id, seen]) => running.includes(id) || now - seen < LINGERS_MS);
  return new Map([...kept, ...running.map((id) => [id, now] as const).reverse()]);
}
