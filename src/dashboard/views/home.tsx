/** The first view: start a run, and see what ran last. */
import type { JSX } from 'preact';
import { Composer } from '../parts/composer';
import { Away, Loading } from '../parts/notices';
import { usePageTitle } from '../parts/page';
import { RecentRuns } from '../parts/recent-runs';
import { loadSwarms, swarms, swarmsFailure } from '../state/swarms';

export function Home(): JSX.Element {
  usePageTitle('New run');
  return (
    <div class="page home">
      <header class="hero">
        <h1>What should the swarm work on?</h1>
        <p>Several models plan, write, argue and review. Every word is kept, whatever breaks on the way.</p>
      </header>
      <Start />
      <RecentRuns />
    </div>
  );
}

function Start(): JSX.Element {
  if (swarms.value.length > 0) return <Composer />;
  if (swarmsFailure.value) return <Away message={swarmsFailure.value.message} retry={() => void loadSwarms()} />;
  return <Loading what="swarms" />;
}
