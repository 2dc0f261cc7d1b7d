/** One session: its memory, the part of it that the next run will see, and a form for the next run. */
import type { JSX } from 'preact';
import { useRoute } from 'preact-iso/router';
import type { SessionMessage } from '../../contract';
import type { SessionReply } from '../../contract/service-replies';
import { duration, moment, plural } from '../format';
import { visible } from '../markdown/visible';
import { Composer } from '../parts/composer';
import { Away, Loading, Notice } from '../parts/notices';
import { useAnswer, usePageTitle } from '../parts/page';
import { StaticText } from '../parts/static-text';
import { RunRows } from '../parts/run-rows';
import type { RunPage } from '../../contract/replies';
import { nameSwarm, swarms } from '../state/swarms';

const EVERY_MS = 5000;

export function SessionPage(): JSX.Element {
  const { id = '' } = useRoute().params;
  usePageTitle(`Session ${id}`);
  const address = encodeURIComponent(id);
  const memory = useAnswer<SessionReply>(`/sessions/${address}`, { everyMs: EVERY_MS });
  const runs = useAnswer<RunPage>(`/runs?session=${address}&limit=20`, { everyMs: EVERY_MS });
  const listed = runs.data.value?.runs ?? [];
  return (
    <div class="page">
      <header class="page-title">
        <h1>Session</h1>
        <p class="mono faint">{id}</p>
      </header>
      <Remembered memory={memory.data.value} failure={memory.failure.value} again={memory.again} runs={listed} />
      {listed.length > 0 && (
        <section aria-labelledby="session-runs">
          <h2 id="session-runs">Runs</h2>
          <RunRows runs={listed} />
        </section>
      )}
      {swarms.value.length > 0 && (
        <section aria-labelledby="session-next">
          <h2 id="session-next">Continue</h2>
          <Composer sessionId={id} />
        </section>
      )}
    </div>
  );
}

interface RememberedProps {
  memory: SessionReply | undefined;
  failure: { code: string; message: string } | undefined;
  again: () => void;
  /** The latest runs of the session. */
  runs: RunPage['runs'];
}

function Remembered({ memory, failure, again, runs }: RememberedProps): JSX.Element {
  if (!memory && failure?.code === 'UNKNOWN_SESSION')
    return (
      <Notice icon="sessions" title="Nothing stored">
        <p>The session has no finished run yet, or its memory has expired.</p>
      </Notice>
    );
  if (!memory) return failure ? <Away message={failure.message} retry={again} /> : <Loading what="the session" />;
  const { messages, context, context_summary, expires_in_seconds } = memory;
  const left = messages.length - context.length;
  return (
    <section aria-labelledby="session-memory">
      <h2 id="session-memory">Memory</h2>
      <p class="faint">
        {plural(messages.length, 'message')}; the next run sees{' '}
        {left > 0 ? `the last ${context.length}` : 'all of them'}. Expires in {duration(expires_in_seconds * 1000)}.
      </p>
      {context_summary && (
        <>
          <h3>Summary of earlier messages</h3>
          <StaticText text={context_summary} />
        </>
      )}
      <ol class="conversation">
        {messages.map((message, index) => (
          <Remark
            key={`${message.run_id}-${index}`}
            message={message}
            seen={index >= left}
            run={runs.find(({ run_id }) => run_id === message.run_id)}
          />
        ))}
      </ol>
    </section>
  );
}

interface RemarkProps {
  message: SessionMessage;
  seen: boolean;
  run: RunPage['runs'][number] | undefined;
}

function Remark({ message: { role, content, team_id, run_id, at }, seen, run }: RemarkProps): JSX.Element {
  return (
    <li class={`remark ${role}${seen ? '' : ' out-of-sight'}`}>
      <p class="remark-title">
        <strong>{role === 'user' ? 'Asked' : nameSwarm(team_id)}</strong>
        <a class="faint" href={`/dashboard/runs/${encodeURIComponent(run_id)}`}>
          {moment(at)}
        </a>
        {!seen && <span class="faint">the next run sees it only as a summary</span>}
      </p>
      <StaticText text={content} />
      {role !== 'user' && run?.checks_summary && <p class="sentence">{visible(run.checks_summary.sentence)}</p>}
    </li>
  );
}
