/** The header of a run: its task, state, usage and actions. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { count, duration, moment } from '../format';
import { copyWithThanks } from '../markdown/copy';
import { measureHeldMs } from '../../events/held-time';
import { visible } from '../markdown/visible';
import { now } from '../state/clock';
import type { DashboardRun } from '../state/run-view';
import { nameSwarm } from '../state/swarms';
import { Icon } from './icons';
import { RunActions } from './run-actions';
import { SpendingSummary } from './spending';
import { readRunState } from '../state/run-state';
import { RunStatePill } from './status';

/** Longer tasks use a smaller font. UTF-16 units. */
const SMALLER_FROM = 240;
/** Heights are rounded to whole pixels, line heights are not. */
const ROUNDING_PX = 1;

export function RunHeader({ run, fork }: { run: DashboardRun; fork: () => void }): JSX.Element {
  void run.version.value;
  const { swarm_id, message } = run.snapshot;
  const about = run.description.value;
  return (
    <header class="run-header">
      <p class="run-kind">
        <RunStatePill state={readRunState(run)} />
        <span>{nameSwarm(swarm_id ?? about?.swarm_id)}</span>
      </p>
      <Task text={message ?? about?.message ?? ''} />
      <RunActions run={run} fork={fork} />
    </header>
  );
}

/** Shows the first lines; the heading contains the full text for screen readers. */
function Task({ text }: { text: string }): JSX.Element {
  const open = useSignal(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const folded = useFolded(heading, text);
  return (
    <div class="task">
      <h1 ref={heading} id="task-text" dir="auto" class={chooseClass(text, open.value)}>
        {visible(text)}
      </h1>
      {(folded || open.value) && (
        <button
          type="button"
          class="quiet small"
          aria-expanded={open.value}
          aria-controls="task-text"
          onClick={() => (open.value = !open.value)}
        >
          {open.value ? 'Less' : 'Whole task'}
        </button>
      )}
    </div>
  );
}

const chooseClass = (text: string, open: boolean): string =>
  `${text.length > SMALLER_FROM ? 'long' : ''} ${open ? '' : 'folded'}`.trim();

/** Whether lines are currently hidden, which also depends on the width of the window. */
function useFolded(heading: { current: HTMLHeadingElement | null }, text: string): boolean {
  const folded = useSignal(false);
  useLayoutEffect(() => {
    const box = heading.current;
    if (!box) return;
    const measure = () => void (folded.value = box.scrollHeight > box.clientHeight + ROUNDING_PX);
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(box);
    return () => watch.disconnect();
  }, [text]);
  return folded.value;
}

/** Every fact has its place from the start, so that nothing moves when it becomes known. */
export function RunFacts({ run }: { run: DashboardRun }): JSX.Element {
  void run.version.value;
  const about = run.description.value;
  const session = run.sessionId ?? about?.session_id;
  return (
    <dl class="facts">
      <Fact name="Time" kind="time">
        <Times run={run} />
      </Fact>
      <Fact name="Turns" kind="turns">
        {count(run.turns.value.length)}
      </Fact>
      <SpendingSummary run={run} />
      <Fact name="Session" kind="id">
        {session ? (
          <a class="mono" href={`/dashboard/sessions/${encodeURIComponent(session)}`}>
            {shorten(session)}
          </a>
        ) : (
          UNKNOWN
        )}
      </Fact>
      <Fact name="Run" kind="run">
        <button
          type="button"
          class="link mono"
          title={`Copy ${run.id}`}
          onClick={({ currentTarget }) => void copyWithThanks(currentTarget, run.id)}
        >
          {shorten(run.id)}
        </button>
        {about?.temporal_ui && (
          <a href={about.temporal_ui} target="_blank" rel="noreferrer" title="The run in Temporal's Web UI">
            Temporal <Icon name="external" size={13} />
          </a>
        )}
      </Fact>
    </dl>
  );
}

const UNKNOWN = '–';

/** The time of the run itself; the time in which people held it is separate. */
function Times({ run }: { run: DashboardRun }): JSX.Element {
  void run.version.value;
  const { snapshot } = run;
  const { started_at, ended_at } = snapshot;
  if (started_at === undefined) return <>{UNKNOWN}</>;
  const held = measureHeldMs(snapshot, now.value);
  return (
    <span title={`Started ${moment(started_at)}`}>
      {duration((ended_at ?? now.value) - started_at - held)}
      {held > 0 && <small> + {duration(held)} waiting for you</small>}
    </span>
  );
}

function Fact({ name, kind, children }: { name: string; kind: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class={`fact-${kind}`}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const shorten = (id: string): string => (id.length > 16 ? `${id.slice(0, 8)}…${id.slice(-6)}` : id);
