/** The newest runs, on the home view. */
import type { JSX } from 'preact';
import type { RunPage } from '../../contract/replies';
import { useAnswer } from './page';
import { RunRows } from './run-rows';

const SHOWN = 6;
const EVERY_MS = 5000;

export function RecentRuns(): JSX.Element | null {
  const { data } = useAnswer<RunPage>(`/runs?limit=${SHOWN}`, { everyMs: EVERY_MS });
  const runs = data.value?.runs ?? [];
  if (runs.length === 0) return null;
  return (
    <section class="recent" aria-labelledby="recent-title">
      <header class="section-title">
        <h2 id="recent-title">Recent runs</h2>
        <a href="/dashboard/runs">All runs</a>
      </header>
      <RunRows runs={runs} />
    </section>
  );
}
