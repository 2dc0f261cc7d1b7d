/** One session: what is remembered of it, what of that the next run sees, and its next run. */
import type { JSX } from 'preact';
import { useRoute } from 'preact-iso/router';
import { duration, moment, plural } from '../format';
import { Composer } from '../parts/composer';
import { Away, Loading, Notice } from '../parts/notices';
import { useAnswer, usePageTitle } from '../parts/page';
import { StaticText } from '../parts/static-text';
import { RunRows } from '../parts/run-rows';
import type { RunPage } from '../state/run-page';
import { nameOf, swarms } from '../state/swarms';

interface Message {
  role: 'user' | 'assistant';
  content: string;
  run_id: string;
  team_id: string;
  at: number;
}

interface SessionMemory {
  messages: Message[];
  context: Message[];
  context_summary: string;
  expires_in_seconds: number;
}

const EVERY_MS = 5000;

export function SessionPage(): JSX.Element {
  const { id = '' } = useRoute().params;
  usePageTitle(`Session ${id}`);
  const address = encodeURIComponent(id);
  const memory = useAnswer<SessionMemory>(`/sessions/${address}`, { everyMs: EVERY_MS });
  const runs = useAnswer<RunPage>(`/runs?session=${address}&limit=20`, { everyMs: EVERY_MS });
  const listed = runs.data.value?.runs ?? [];
  return (
    <div class="page">
      <header class="page-title">
        <h1>Session</h1>
        <p class="mono faint">{id}</p>
      </header>
      <Remembered memory={memory.data.value} failure={memory.failure.value} again={memory.again} />
      {listed.length > 0 && (
        <section aria-labelledby="session-runs">
          <h2 id="session-runs">Runs</h2>
          <RunRows runs={listed} />
        </section>
      )}
      {swarms.value.length > 0 && (
        <section aria-labelledby="session-next">
          <h2 id="session-next">Go on</h2>
          <Composer sessionId={id} />
        </section>
      )}
    </div>
  );
}

interface RememberedProps {
  memory: SessionMemory | undefined;
  failure: { code: string; message: string } | undefined;
  again: () => void;
}

function Remembered({ memory, failure, again }: RememberedProps): JSX.Element {
  if (!memory && failure?.code === 'UNKNOWN_SESSION')
    return (
      <Notice icon="sessions" title="Nothing is remembered">
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
        {left > 0 ? `the last ${context.length}` : 'all of them'}. Forgotten in {duration(expires_in_seconds * 1000)}.
      </p>
      {context_summary && (
        <>
          <h3>In place of the older messages</h3>
          <StaticText text={context_summary} />
        </>
      )}
      <ol class="conversation">
        {messages.map((message, index) => (
          <Remark key={`${message.run_id}-${index}`} message={message} seen={index >= left} />
        ))}
      </ol>
    </section>
  );
}

function Remark({
  message: { role, content, team_id, run_id, at },
  seen,
}: {
  message: Message;
  seen: boolean;
}): JSX.Element {
  return (
    <li class={`remark ${role}${seen ? '' : ' out-of-sight'}`}>
      <p class="remark-title">
        <strong>{role === 'user' ? 'Asked' : nameOf(team_id)}</strong>
        <a class="faint" href={`/dashboard/runs/${encodeURIComponent(run_id)}`}>
          {moment(at)}
        </a>
        {!seen && <span class="faint">the next run does not see it word by word</span>}
      </p>
      <StaticText text={content} />
    </li>
  );
}
