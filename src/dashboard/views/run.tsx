/** One run: its picture, its lanes, its result, its plots. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useRoute } from 'preact-iso/router';
import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import { ForkDialog } from '../parts/fork-dialog';
import { Gates } from '../parts/gates';
import { Interventions } from '../parts/interventions';
import { Lanes } from '../parts/lanes';
import { Lineage } from '../parts/lineage';
import { Away, Loading, Notice } from '../parts/notices';
import { usePageTitle } from '../parts/page';
import { Pipeline } from '../parts/pipeline';
import { hasEnded } from '../parts/run-actions';
import { RunFacts, RunHeader } from '../parts/run-header';
import { RunResult } from '../parts/run-result';
import { Tabs } from '../parts/tabs';
import { pictureOf } from '../state/picture';
import { openRun, retryRun } from '../state/runs';
import type { RunView } from '../state/run-view';
import { swarms } from '../state/swarms';

const Charts = lazy(() => import('../parts/charts'));

export function RunPage(): JSX.Element {
  const { id = '' } = useRoute().params;
  const run = openRun(id);
  void run.version.value;
  usePageTitle(run.snapshot.message?.slice(0, 60) ?? 'Run');
  const phase = run.phase.value;
  if (phase === 'unknown') return <Unknown id={id} />;
  if (phase === 'failed')
    return <Away message={run.failure?.message ?? 'The API does not answer.'} retry={() => retryRun(run)} />;
  if (phase === 'loading' && !run.description.value) return <Loading what="the run" />;
  return <Opened key={id} run={run} />;
}

function Unknown({ id }: { id: string }): JSX.Element {
  return (
    <Notice icon="search" title="There is no such run">
      <p>
        Nothing is known of <code class="mono">{id}</code>. It may have expired, or the address is not complete.
      </p>
      <a class="button" href="/dashboard/runs">
        All runs
      </a>
    </Notice>
  );
}

type Tab = 'lanes' | 'result' | 'plots';
const TABS: [Tab, string][] = [
  ['lanes', 'Lanes'],
  ['result', 'Result'],
  ['plots', 'Plots'],
];

function Opened({ run }: { run: RunView }): JSX.Element {
  const tab = useSignal<Tab>('lanes');
  const forkingFrom = useSignal<string | undefined>(undefined);
  const fork = (turn: string) => void (forkingFrom.value = turn);
  void run.version.value;
  const { snapshot } = run;
  const swarmId = snapshot.swarm_id ?? run.description.value?.swarm_id ?? '';
  const stages = pictureOf({
    swarmId,
    status: snapshot.status,
    turns: run.turns.value,
    swarms: swarms.value,
    gates: snapshot.gates,
    checks: snapshot.checks,
  });
  return (
    <div class="page wide-page">
      <RunHeader run={run} fork={() => fork('')} />
      <Lineage run={run} />
      <div class="overview">
        <Pipeline stages={stages} />
        <RunFacts run={run} />
      </div>
      <Gates run={run} />
      <Interventions run={run} />
      <Tabs name="What to see of the run" tabs={TABS} chosen={tab} />
      <TabContent run={run} tab={tab} fork={fork} />
      {forkingFrom.value !== undefined && (
        <ForkDialog runId={run.id} from={forkingFrom.value} onClose={() => (forkingFrom.value = undefined)} />
      )}
    </div>
  );
}

interface TabContentProps {
  run: RunView;
  tab: Signal<Tab>;
  fork: (turn: string) => void;
}

function TabContent({ run, tab, fork }: TabContentProps): JSX.Element {
  return (
    <div role="tabpanel" id={`panel-${tab.value}`} aria-labelledby={`tab-${tab.value}`}>
      {tab.value === 'lanes' && (
        <Lanes turns={run.turns.value} checks={run.snapshot.checks} {...(hasEnded(run) ? { fork } : {})} />
      )}
      {tab.value === 'result' && <RunResult run={run} />}
      {tab.value === 'plots' && (
        <ErrorBoundary>
          <Charts run={run} />
        </ErrorBoundary>
      )}
    </div>
  );
}
