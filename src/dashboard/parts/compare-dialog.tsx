/** Selects the run to compare with, from the runs of the same swarm, newest first. */
import type { JSX } from 'preact';
import { ago } from '../format';
import { visible } from '../markdown/visible';
import { now } from '../state/clock';
import type { RunPage } from '../../contract/replies';
import type { DashboardRun } from '../state/run-view';
import { Dialog } from './dialog';
import { Away, Loading } from './notices';
import { useAnswer } from './page';

const OFFERED = 20;

export function CompareDialog({ run, onClose }: { run: DashboardRun; onClose: () => void }): JSX.Element {
  const swarm = run.snapshot.swarm_id ?? '';
  const { data, failure, again } = useAnswer<RunPage>(`/runs?limit=${OFFERED}${swarm ? `&swarm=${swarm}` : ''}`);
  const others = data.value?.runs.filter(({ run_id }) => run_id !== run.id);
  return (
    <Dialog title="Compare with" onClose={onClose}>
      <div class="dialog-body">
        {failure.value && <Away message={failure.value.message} retry={again} />}
        {!others && !failure.value && <Loading what="runs" />}
        {others?.length === 0 && <p class="faint">There is no other run of this swarm yet.</p>}
        <ul class="choices">
          {others?.map(({ run_id, message, started_at }) => (
            <li key={run_id}>
              <a href={`/dashboard/compare/${encodeURIComponent(run_id)}/${encodeURIComponent(run.id)}`}>
                <span dir="auto">{visible(message)}</span>
                <time class="faint">{ago(Date.parse(started_at), now.value)}</time>
              </a>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
