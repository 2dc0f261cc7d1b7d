/** What a run is, where it stands, what it has used, and what can be done about it. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { RunStatus } from '../../contract';
import { count, duration, moment } from '../format';
import { copyWithThanks } from '../markdown/copy';
import { visible } from '../markdown/visible';
import { now } from '../state/clock';
import type { RunView } from '../state/run-view';
import { nameOf } from '../state/swarms';
import { Icon } from './icons';
import { RunActions } from './run-actions';
import { Spending } from './spending';
import { StatusPill } from './status';

/** Longer tasks are set smaller. UTF-16 units. */
const SMALLER_FROM = 240;
/** Heights are whole pixels, lines are not. */
const ROUNDING_PX = 1;

export function RunHeader({ run, fork }: { run: RunView; fork: () => void }): JSX.Element {
  void run.version.value;
  const { swarm_id, message } = run.snapshot;
  const about = run.description.value;
  return (
    <header class="run-header">
      <p class="run-kind">
        <StatusPill status={standing(run)} />
        <span>{nameOf(swarm_id ?? about?.swarm_id)}</span>
      </p>
      <Task text={message ?? about?.message ?? ''} />
      <RunActions run={run} fork={fork} />
    </header>
  );
}

function standing({ snapshot: { status, paused }, description }: RunView): RunStatus | 'paused' {
  if (status === null) return description.value?.status ?? 'running';
  return paused && status === 'running' ? 'paused' : status;
}

/** Shows the first lines; all of the text is in the heading, for those who hear it. */
function Task({ text }: { text: string }): JSX.Element {
  const open = useSignal(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const folded = useFolded(heading, text);
  return (
    <div class="task">
      <h1 ref={heading} id="task-text" dir="auto" class={classOf(text, open.value)}>
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

const classOf = (text: string, open: boolean): string =>
  `${text.length > SMALLER_FROM ? 'long' : ''} ${open ? '' : 'folded'}`.trim();

/** Whether lines are hidden now: that depends on the width of the window too. */
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

export function RunFacts({ run }: { run: RunView }): JSX.Element {
  void run.version.value;
  const { started_at, ended_at } = run.snapshot;
  const turns = run.turns.value;
  const about = run.description.value;
  const session = run.sessionId ?? about?.session_id;
  return (
    <dl class="facts">
      {started_at !== undefined && (
        <Fact name="Time">
          <span title={moment(started_at)}>{duration((ended_at ?? now.value) - started_at)}</span>
        </Fact>
      )}
      <Fact name="Turns">{count(turns.length)}</Fact>
      <Spending run={run} />
      {session && (
        <Fact name="Session">
          <a class="mono" href={`/dashboard/sessions/${encodeURIComponent(session)}`}>
            {shorten(session)}
          </a>
        </Fact>
      )}
      <Fact name="Run">
        <button
          type="button"
          class="link mono"
          title={`Copy ${run.id}`}
          onClick={({ currentTarget }) => void copyWithThanks(currentTarget, run.id)}
        >
          {shorten(run.id)}
        </button>
      </Fact>
      {about?.temporal_ui && (
        <Fact name="Temporal">
          <a href={about.temporal_ui} target="_blank" rel="noreferrer">
            Web UI <Icon name="external" size={14} />
          </a>
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const shorten = (id: string): string => (id.length > 22 ? `${id.slice(0, 10)}…${id.slice(-6)}` : id);
