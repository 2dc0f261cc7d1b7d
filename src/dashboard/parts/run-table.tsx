/** Runs as a table: selectable, sortable, with cost, tokens and duration. Rows are added as the reader scrolls. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { RunDescription } from '../../contract/replies';
import { ago, count, duration, money, moment } from '../format';
import { visible } from '../markdown/visible';
import { coarseNow, now } from '../state/clock';
import { measureDuration, type Sort } from '../state/run-order';
import { readListedState } from '../state/run-state';
import { nameSwarm } from '../state/swarms';
import { ForkMark } from './fork-mark';
import { RunStatePill } from './status';

/** The number of rows that are added at a time: all rows of a long list would delay each keystroke of a search. */
const ROWS = 60;

export interface SortOrder {
  by: Sort;
  ascending: boolean;
}

interface RunTableProps {
  runs: RunDescription[];
  selected: Signal<ReadonlySet<string>>;
  order: SortOrder;
  sort: (order: SortOrder) => void;
}

export function RunTable({ runs, selected, order, sort }: RunTableProps): JSX.Element {
  const shown = useSignal(ROWS);
  const end = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (!end.current) return;
    const watch = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) shown.value += ROWS;
      },
      { rootMargin: '600px' },
    );
    watch.observe(end.current);
    return () => watch.disconnect();
  }, [shown.value < runs.length, shown.value]);
  const visibleRuns = runs.slice(0, shown.value);
  return (
    <div
      class="run-table"
      data-arrows=".run-task > a:first-child"
      role="table"
      aria-label="Runs"
      aria-rowcount={runs.length + 1}
    >
      <div role="row" class="run-row head">
        <span role="columnheader">
          <SelectAll runs={runs} selected={selected} />
        </span>
        <span role="columnheader">Status</span>
        <span role="columnheader">Task</span>
        <span role="columnheader">Swarm</span>
        <Head by="cost" name="Cost" order={order} sort={sort} />
        <Head by="tokens" name="Tokens" order={order} sort={sort} />
        <Head by="duration" name="Duration" order={order} sort={sort} />
        <Head by="started" name="Started" order={order} sort={sort} />
      </div>
      {visibleRuns.map((run) => (
        <Row key={run.run_id} run={run} selected={selected} />
      ))}
      {shown.value < runs.length && (
        <p ref={end} class="faint more" aria-hidden="true">
          {count(runs.length - shown.value)} more
        </p>
      )}
    </div>
  );
}

interface HeadProps {
  by: Sort;
  name: string;
  order: SortOrder;
  sort: (order: SortOrder) => void;
}

function Head({ by, name, order, sort }: HeadProps): JSX.Element {
  const current = order.by === by;
  return (
    <span role="columnheader" aria-sort={current ? (order.ascending ? 'ascending' : 'descending') : 'none'}>
      <button type="button" class="link" onClick={() => sort({ by, ascending: current && !order.ascending })}>
        {name}
        {current && <span aria-hidden="true">{order.ascending ? ' ↑' : ' ↓'}</span>}
      </button>
    </span>
  );
}

function SelectAll({ runs, selected }: { runs: RunDescription[]; selected: Signal<ReadonlySet<string>> }): JSX.Element {
  const all = runs.length > 0 && runs.every(({ run_id }) => selected.value.has(run_id));
  return (
    <input
      type="checkbox"
      aria-label="Select all runs of this list"
      checked={all}
      onChange={() => (selected.value = new Set(all ? [] : runs.map(({ run_id }) => run_id)))}
    />
  );
}

interface RowProps {
  run: RunDescription;
  selected: Signal<ReadonlySet<string>>;
}

function Row({ run, selected }: RowProps): JSX.Element {
  const { run_id, message, swarm_id, spent, started_at, tags, forked_from } = run;
  const began = Date.parse(started_at);
  const task = visible(message) || run_id;
  return (
    <div role="row" class="run-row">
      <span role="cell">
        <RowCheckbox id={run_id} task={task} selected={selected} />
      </span>
      <span role="cell">
        <RunStatePill state={readListedState(run)} />
      </span>
      <span role="cell" class="run-task">
        <a href={`/dashboard/runs/${encodeURIComponent(run_id)}`} dir="auto">
          {forked_from && <ForkMark />}
          {task}
        </a>
        {tags.map((tag) => (
          <a key={tag} class="tag" href={`/dashboard/runs?text=${encodeURIComponent(tag)}`}>
            {visible(tag)}
          </a>
        ))}
      </span>
      <span role="cell" class="faint">
        {nameSwarm(swarm_id)}
      </span>
      <span role="cell" class="number" data-name="Cost">
        {money(spent?.usd)}
      </span>
      <span role="cell" class="number" data-name="Tokens">
        {spent ? count(spent.tokens) : '–'}
      </span>
      <span role="cell" class="number" data-name="Duration">
        <Duration run={run} />
      </span>
      <span role="cell" class="number">
        <time class="faint" dateTime={started_at} title={moment(began)}>
          {ago(began, coarseNow.value)}
        </time>
      </span>
    </div>
  );
}

function RowCheckbox({
  id,
  task,
  selected,
}: {
  id: string;
  task: string;
  selected: RowProps['selected'];
}): JSX.Element {
  const toggle = () => {
    const next = new Set(selected.value);
    if (!next.delete(id)) next.add(id);
    selected.value = next;
  };
  return <input type="checkbox" aria-label={`Select ${task}`} checked={selected.value.has(id)} onChange={toggle} />;
}

/** Only a running run needs the clock. */
function Duration({ run }: { run: RunDescription }): JSX.Element {
  return <>{duration(measureDuration(run, run.ended_at ? 0 : now.value))}</>;
}
