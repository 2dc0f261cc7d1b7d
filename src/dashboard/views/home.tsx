/** The home view: start a run, and see the latest ones. */
import type { JSX } from 'preact';
import { useLocation } from 'preact-iso/router';
import { Composer } from '../parts/composer';
import { Away, Loading } from '../parts/notices';
import { useAnswer, usePageTitle } from '../parts/page';
import { RecentRuns } from '../parts/recent-runs';
import type { StartAgain as Request } from '../../contract/input-replies';
import { toFormContent, type FormContent } from '../state/again';
import { loadSwarms, swarms, swarmsFailure } from '../state/swarms';

export function Home(): JSX.Element {
  usePageTitle('New run');
  const { again } = useLocation().query;
  return (
    <div class="page home">
      <header class="hero">
        <h1>What should the swarm work on?</h1>
        <p>Several models plan, write, debate and review. No text is lost, whatever fails on the way.</p>
      </header>
      {again ? <StartAgain key={again} runId={again} /> : <Start />}
      <RecentRuns />
    </div>
  );
}

/** The form with the request of an earlier run. */
function StartAgain({ runId }: { runId: string }): JSX.Element {
  const { data, failure, again } = useAnswer<Request>(`/runs/${encodeURIComponent(runId)}/request`);
  if (failure.value) return <Away message={failure.value.message} retry={again} />;
  const content = data.value && toFormContent(data.value);
  return data.value ? <Start {...(content ? { content } : {})} /> : <Loading what="the request" />;
}

function Start({ content }: { content?: FormContent }): JSX.Element {
  if (swarms.value.length > 0)
    return (
      <Composer
        {...(content ? { content } : {})}
        {...(content?.sessionId === undefined ? {} : { sessionId: content.sessionId })}
      />
    );
  if (swarmsFailure.value) return <Away message={swarmsFailure.value.message} retry={() => void loadSwarms()} />;
  return <Loading what="swarms" />;
}
