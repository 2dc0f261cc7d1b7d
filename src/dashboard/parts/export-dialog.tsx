/** A link to what is shown, and the run as a file. Loaded on first use. */
import type { JSX } from 'preact';
import type { RunView as RunReply } from '../../contract/replies';
import { copyWithThanks } from '../markdown/copy';
import { saveFile } from '../markdown/save';
import { call } from '../state/api';
import { writeMarkdown } from '../state/export';
import type { DashboardRun } from '../state/run-view';
import { nameSwarm } from '../state/swarms';
import { useAttempt } from './attempt';
import { Dialog } from './dialog';

export default function ExportDialog({ run, onClose }: { run: DashboardRun; onClose: () => void }): JSX.Element {
  const { busy, problem, run: attempt } = useAttempt();
  const save = (form: 'md' | 'json') =>
    void attempt(async () => {
      const reply = await call<RunReply>(`/runs/${encodeURIComponent(run.id)}`);
      const name = `${run.id}.${form}`;
      if (form === 'json') return saveFile(name, 'application/json', JSON.stringify(reply, null, 2));
      const text = writeMarkdown(reply, run.snapshot.message ?? reply.message, nameSwarm(reply.swarm_id));
      saveFile(name, 'text/markdown', text);
    });
  return (
    <Dialog title="Share" onClose={onClose}>
      <div class="dialog-body share">
        <button type="button" onClick={({ currentTarget }) => void copyWithThanks(currentTarget, location.href)}>
          Copy link
        </button>
        <p class="faint">Opens this run with the tab and the turn that are shown now.</p>
        <button type="button" disabled={busy} onClick={() => save('md')}>
          Save as Markdown
        </button>
        <p class="faint">Task, turns, decisions and checks, to read.</p>
        <button type="button" disabled={busy} onClick={() => save('json')}>
          Save as JSON
        </button>
        <p class="faint">
          The reply of <code class="mono">GET /runs/:id</code>, to process.
        </p>
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
      </div>
    </Dialog>
  );
}
