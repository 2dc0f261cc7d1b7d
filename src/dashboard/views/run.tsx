/** One run: its graph, its lanes, its result, its charts. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect } from 'preact/hooks';
import { useRoute } from 'preact-iso/router';
import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import { useChoiceInAddress, useParameter } from '../parts/address';
import { FailureReason } from '../parts/failure-reason';
import { ForkDialog } from '../parts/fork-dialog';
import { findOpenGates, GatesPanel } from '../parts/gates';
import { Interventions } from '../parts/interventions';
import { Lanes } from '../parts/lanes';
import { ForkLinks, OriginLink } from '../parts/lineage';
import { Away, Loading, Notice } from '../parts/notices';
import { usePageTitle, useWorkers } from '../parts/page';
import { Pipeline } from '../parts/pipeline';
import { hasEnded } from '../parts/run-actions';
import { RunFacts, RunHeader } from '../parts/run-header';
import { ResultPanel } from '../parts/run-result';
import { Tabs } from '../parts/tabs';
import { focusedLane, focusLane } from '../state/focus';
import { countRows, isGraphOpen, openGraph } from '../state/graph-panel';
import { refreshInbox } from '../state/inbox';
import { drawRunGraph } from '../state/run-graph';
import { readRunState } from '../state/run-state';
import { openRun, refreshRun, retryRun } from '../state/runs';
import { chosenTurn, scrollToTurn, showTurn } from '../state/selection';
import type { RunGraph } from '../../contract';
import type { DashboardRun } from '../state/run-view';
import { findGraph, swarms, swarmsFailure } from '../state/swarms';

const Charts = lazy(() => import('../parts/charts'));
const CodeVersions = lazy(() => import('../parts/code-versions'));
const TimelinePanel = lazy(() => import('../parts/timeline'));
const TurnInspector = lazy(() => import('../parts/turn-inspector'));

export function RunDetails(): JSX.Element {
  const { id = '' } = useRoute().params;
  const run = openRun(id);
  void run.version.value;
  usePageTitle(writeTitle(run));
  const phase = run.phase.value;
  if (phase === 'unknown') return <Unknown id={id} />;
  if (phase === 'failed')
    return <Away message={run.failure?.message ?? 'The API does not answer.'} retry={() => retryRun(run)} />;
  const missing = findMissing(run);
  if (missing) return <Loading what={missing} />;
  return <Opened key={id} run={run} />;
}

/** What the layout depends on and is not known yet: the run, or the graph of its swarm. */
function findMissing(run: DashboardRun): string | undefined {
  if (run.phase.value === 'loading' && !run.description.value) return 'the run';
  const isKnown =
    run.snapshot.graph !== undefined ||
    run.description.value?.graph !== undefined ||
    swarms.value.length > 0 ||
    swarmsFailure.value !== undefined;
  return isKnown ? undefined : 'the swarms';
}

/** The tab's title: what the run waits for, if for anybody or anything, and its task. */
function writeTitle(run: DashboardRun): string {
  const { state, label } = readRunState(run);
  const task = run.snapshot.message?.slice(0, 60) ?? 'Run';
  return state === 'needs_approval' || state === 'no_worker' || state === 'failed' ? `${label}: ${task}` : task;
}

function Unknown({ id }: { id: string }): JSX.Element {
  return (
    <Notice icon="search" title="There is no such run">
      <p>
        No run has the id <code class="mono">{id}</code>. It may have expired, or the address is not complete.
      </p>
      <a class="button" href="/dashboard/runs">
        All runs
      </a>
    </Notice>
  );
}

const QUEUE_EVERY_MS = 3000;

type Tab = 'lanes' | 'result' | 'timeline' | 'code' | 'plots' | 'approval';
const TABS: [Tab, string][] = [
  ['lanes', 'Lanes'],
  ['result', 'Result'],
  ['timeline', 'Timeline'],
  ['code', 'Code'],
  ['plots', 'Plots'],
];
const APPROVAL: [Tab, string] = ['approval', 'Approval'];

const TAB_IDS = TABS.map(([tab]) => tab);

/** Only a run that executes code has versions of it. */
const listTabs = ({ snapshot }: DashboardRun): typeof TABS =>
  TABS.filter(([tab]) => tab !== 'code' || snapshot.checks.length > 0);

function Opened({ run }: { run: DashboardRun }): JSX.Element {
  const tab = useSignal<Tab>('lanes');
  const [inspected, inspect] = useParameter('inspect');
  useChoiceInAddress('tab', tab, TAB_IDS);
  useTurnInAddress(run);
  useFocusInAddress(run);
  const forkingFrom = useSignal<string | undefined>(undefined);
  const fork = (turn: string) => void (forkingFrom.value = turn);
  void run.version.value;
  useWorkers(!hasEnded(run));
  useQueue(run);
  useChosenTurn(tab);
  const isAsked = useGates(run, tab);
  const about = run.description.value;
  const graph = findGraph(
    { graph: run.snapshot.graph ?? about?.graph },
    run.snapshot.swarm_id ?? about?.swarm_id ?? '',
  );
  return (
    <div class="page wide-page run-page">
      <RunHeader run={run} fork={() => fork('')} />
      <FailureReason run={run} />
      <OriginLink run={run} />
      <RunFacts run={run} />
      <GraphPanel run={run} graph={graph} />
      <Tabs name="Views of the run" tabs={isAsked ? [...listTabs(run), APPROVAL] : listTabs(run)} chosen={tab} />
      <TabContent run={run} tab={tab} graph={graph} fork={fork} />
      <Interventions run={run} />
      <ForkLinks run={run} />
      {inspected && (
        <ErrorBoundary>
          <TurnInspector run={run} turn={inspected} onClose={() => inspect('')} />
        </ErrorBoundary>
      )}
      {forkingFrom.value !== undefined && (
        <ForkDialog
          runId={run.id}
          from={forkingFrom.value}
          graph={graph}
          onClose={() => (forkingFrom.value = undefined)}
        />
      )}
    </div>
  );
}

/** Shows the turn that the address names, once it is there. */
function useTurnInAddress(run: DashboardRun): void {
  const [turn] = useParameter('turn');
  const isThere = run.turns.value.some(({ snapshot }) => snapshot.turn === turn);
  useEffect(() => {
    if (isThere) showTurn(turn);
  }, [turn, isThere]);
}

/** The lane that fills the window is part of the address. An address may name it before it is there. */
function useFocusInAddress(run: DashboardRun): void {
  const [wanted, change] = useParameter('focus');
  useEffect(() => {
    if (wanted && document.getElementById(wanted)) focusLane(wanted);
  }, [wanted, run.turns.value.length]);
  useEffect(() => {
    let last = focusedLane.peek();
    const forget = focusedLane.subscribe((lane) => {
      if (lane !== last) change(lane ?? '');
      last = lane;
    });
    return () => {
      forget();
      focusLane(undefined);
    };
  }, []);
}

/** No event tells that a run ahead has left the queue. */
function useQueue(run: DashboardRun): void {
  const isQueued = readRunState(run).state === 'queued';
  useEffect(() => {
    if (!isQueued) return;
    const asking = setInterval(() => document.hidden || refreshRun(run), QUEUE_EVERY_MS);
    return () => clearInterval(asking);
  }, [isQueued]);
}

/** A turn that was chosen in the graph, or elsewhere, is shown in its lane. */
function useChosenTurn(tab: Signal<Tab>): void {
  const chosen = chosenTurn.value;
  useLayoutEffect(() => {
    if (!chosen) return;
    tab.value = 'lanes';
    // the lanes are on the page after this render
    setTimeout(() => scrollToTurn(chosen.turn));
    chosenTurn.value = undefined;
  }, [chosen]);
}

/** Shows what is to be decided when a question comes, and the lanes again when it is answered. Returns whether a question is open. */
function useGates(run: DashboardRun, tab: Signal<Tab>): boolean {
  const asked = findOpenGates(run)
    .map(({ gate }) => gate)
    .join(' ');
  useLayoutEffect(() => {
    refreshInbox();
    if (asked) tab.value = 'approval';
    else if (tab.peek() === 'approval') tab.value = 'lanes';
  }, [asked]);
  return asked !== '';
}

function GraphPanel({ run, graph }: { run: DashboardRun; graph: RunGraph | undefined }): JSX.Element {
  void run.version.value;
  const { status, gates, checks } = run.snapshot;
  const stages = drawRunGraph({ graph, status, turns: run.turns.value, gates, checks });
  return (
    <details class="graph" open={isGraphOpen.value} onToggle={({ currentTarget }) => openGraph(currentTarget.open)}>
      <summary>Graph</summary>
      <Pipeline stages={stages} rows={countRows(graph)} />
    </details>
  );
}

interface TabContentProps {
  run: DashboardRun;
  tab: Signal<Tab>;
  graph: RunGraph | undefined;
  fork: (turn: string) => void;
}

function TabContent({ run, tab, graph, fork }: TabContentProps): JSX.Element {
  return (
    // another panel in its place is not the same one that has moved
    <div
      key={tab.value}
      role="tabpanel"
      class="tab-panel"
      id={`panel-${tab.value}`}
      aria-labelledby={`tab-${tab.value}`}
    >
      {tab.value === 'lanes' && <Lanes run={run} graph={graph} {...(hasEnded(run) ? { fork } : {})} />}
      {tab.value === 'approval' && <GatesPanel run={run} />}
      {tab.value === 'result' && <ResultPanel run={run} />}
      <ErrorBoundary>
        {tab.value === 'timeline' && <TimelinePanel run={run} />}
        {tab.value === 'code' && <CodeVersions run={run} />}
        {tab.value === 'plots' && <Charts run={run} />}
      </ErrorBoundary>
    </div>
  );
}
