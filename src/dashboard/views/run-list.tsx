/** All runs: filters, search, order, saved views, and a selection that can be stopped. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { STATE_NAMES } from '../../events/run-state';
import { Icon } from '../parts/icons';
import { Away, Loading, Notice } from '../parts/notices';
import { useAnswer, usePageTitle } from '../parts/page';
import { BulkStop } from '../parts/bulk-stop';
import { RunTable, type SortOrder } from '../parts/run-table';
import { SavedViews } from '../parts/saved-views';
import { call, toApiFailure } from '../state/api';
import type { RunDescription, RunPage } from '../../contract/replies';
import { matchesText, sortRuns, SORTS, toInstants, type Sort } from '../state/run-order';
import { nameSwarm, swarms } from '../state/swarms';

const PAGE_SIZE = 100;
const EVERY_MS = 4000;
/** The choices of the status filter: the fields of the query, and the name. */
const STATUSES: [field: 'status' | 'state', value: string, name: string][] = [
  ['status', 'running', 'Open'],
  ['state', 'needs_approval', STATE_NAMES.needs_approval.name],
  ['status', 'completed', 'Completed'],
  ['state', 'checks_failed', STATE_NAMES.checks_failed.name],
  ['state', 'not_executed', STATE_NAMES.not_executed.name],
  ['state', 'checks_passed', STATE_NAMES.checks_passed.name],
  ['status', 'failed', 'Failed'],
  ['status', 'cancelled', 'Cancelled'],
];

interface Filters {
  status?: string;
  state?: string;
  swarm?: string;
  session?: string;
  text?: string;
  /** Days in the reader's time zone, such as `2026-11-30`. */
  from?: string;
  to?: string;
  sort?: string;
}

/** The filters are part of the URL, so that a filtered list can be shared. */
function useFilters(): [Filters, (change: Filters) => void] {
  const { query, route } = useLocation();
  const change = (next: Filters) => {
    const entries = Object.entries({ ...query, ...next }).filter(([, value]) => value);
    route(`/dashboard/runs?${new URLSearchParams(entries as [string, string][]).toString()}`, true);
  };
  return [query, change];
}

export function RunList(): JSX.Element {
  usePageTitle('Runs');
  const [filters, change] = useFilters();
  const { text: _text, sort: _sort, from, to, ...asked } = filters;
  const first = from ? toInstants(from) : undefined;
  const last = to ? toInstants(to) : undefined;
  const days = {
    ...(first ? { started_after: first.from } : {}),
    ...(last ? { started_before: last.to } : {}),
  };
  const search = new URLSearchParams({ limit: String(PAGE_SIZE), ...asked, ...days }).toString();
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value)).toString();
  return (
    <div class="page wide-page">
      <header class="page-title">
        <h1>Runs</h1>
      </header>
      <FilterBar filters={filters} change={change} />
      <SavedViews query={query} />
      <Listed key={search} search={search} filters={filters} change={change} />
    </div>
  );
}

function FilterBar({ filters, change }: { filters: Filters; change: (next: Filters) => void }): JSX.Element {
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label class="search">
        <Icon name="search" />
        <span class="off-screen">Search in tasks, ids and tags</span>
        <input
          type="search"
          placeholder="Search in tasks, ids and tags"
          value={filters.text ?? ''}
          onInput={({ currentTarget }) => change({ text: currentTarget.value })}
        />
      </label>
      <Choice
        name="Status"
        value={filters.state ?? filters.status}
        any="Any status"
        change={(chosen) => {
          const [field] = STATUSES.find(([, value]) => value === chosen) ?? [];
          change({ status: '', state: '', ...(field ? { [field]: chosen } : {}) });
        }}
      >
        {STATUSES.map(([, value, name]) => [value, name])}
      </Choice>
      <Choice name="Swarm" value={filters.swarm} any="Any swarm" change={(swarm) => change({ swarm })}>
        {swarms.value.map(({ id }) => [id, nameSwarm(id)])}
      </Choice>
      <Day name="From" value={filters.from} change={(from) => change({ from })} />
      <Day name="To" value={filters.to} change={(to) => change({ to })} />
      {filters.session && (
        <button type="button" class="chip" onClick={() => change({ session: '' })}>
          Session {filters.session}
          <Icon name="close" size={14} />
          <span class="off-screen">Remove this filter</span>
        </button>
      )}
    </form>
  );
}

function Day({ name, value = '', change }: Pick<ChoiceProps, 'name' | 'value' | 'change'>): JSX.Element {
  return (
    <label class="day">
      {name}
      <input type="date" value={value} onChange={({ currentTarget }) => change(currentTarget.value)} />
    </label>
  );
}

interface ChoiceProps {
  name: string;
  value: string | undefined;
  any: string;
  change: (value: string) => void;
  children: [value: string, name: string][];
}

function Choice({ name, value = '', any, change, children }: ChoiceProps): JSX.Element {
  return (
    <label>
      <span class="off-screen">{name}</span>
      <select value={value} onChange={({ currentTarget }) => change(currentTarget.value)}>
        <option value="">{any}</option>
        {children.map(([id, text]) => (
          <option key={id} value={id}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ListedProps {
  search: string;
  filters: Filters;
  change: (next: Filters) => void;
}

function Listed({ search, filters, change }: ListedProps): JSX.Element {
  const { data, failure, again } = useAnswer<RunPage>(`/runs?${search}`, { everyMs: EVERY_MS });
  const older = useOlderRuns(search);
  const selected = useSignal<ReadonlySet<string>>(new Set());
  const first = data.value;
  const order = readOrder(filters.sort);
  const all = useMemo(() => join(first?.runs ?? [], older.runs), [first, older.runs]);
  const found = useMemo(
    () =>
      sortRuns(
        all.filter((run) => matchesText(run, filters.text ?? '')),
        order.by,
        order.ascending,
        Date.now(),
      ),
    [all, filters.text, filters.sort],
  );
  if (!first) return failure.value ? <Away message={failure.value.message} retry={again} /> : <Loading what="runs" />;
  const next = older.next === undefined ? first.next_page : older.next;
  return (
    <>
      {failure.value && (
        <p class="problem" role="alert">
          The list may be out of date: {failure.value.message}
        </p>
      )}
      <BulkStop
        runs={all.filter(({ run_id }) => selected.value.has(run_id))}
        clear={() => (selected.value = new Set())}
      />
      {found.length > 0 ? (
        <RunTable
          runs={found}
          selected={selected}
          order={order}
          sort={({ by, ascending }) => change({ sort: writeOrder(by, ascending) })}
        />
      ) : (
        <Nothing filtered={Object.values(filters).some(Boolean)} />
      )}
      {next && <More text={filters.text ?? ''} older={older} next={next} />}
    </>
  );
}

function More({
  text,
  older,
  next,
}: {
  text: string;
  older: ReturnType<typeof useOlderRuns>;
  next: string;
}): JSX.Element {
  return (
    <p class="more">
      <button type="button" onClick={() => void older.load(next)} disabled={older.busy}>
        {text ? 'Search older runs' : 'Older runs'}
      </button>
      {older.problem && <span role="alert">{older.problem}</span>}
    </p>
  );
}

function join(newest: RunDescription[], older: RunDescription[]): RunDescription[] {
  const known = new Set(newest.map(({ run_id }) => run_id));
  return [...newest, ...older.filter(({ run_id }) => !known.has(run_id))];
}

/** The order in the address: the name of the column, with `-` before it for descending. */
function readOrder(sort = ''): SortOrder {
  const by = SORTS.find((one) => one === sort.replace(/^-/, ''));
  return by ? { by, ascending: !sort.startsWith('-') } : { by: 'started', ascending: false };
}

const writeOrder = (by: Sort, ascending: boolean): string =>
  by === 'started' && !ascending ? '' : `${ascending ? '' : '-'}${by}`;

function useOlderRuns(search: string) {
  const runs = useSignal<RunDescription[]>([]);
  const next = useSignal<string | null | undefined>(undefined);
  const busy = useSignal(false);
  const problem = useSignal('');
  useEffect(() => {
    runs.value = [];
    next.value = undefined;
  }, [search]);
  async function load(page: string): Promise<void> {
    busy.value = true;
    try {
      const answer = await call<RunPage>(`/runs?${search}&page=${encodeURIComponent(page)}`);
      runs.value = [...runs.value, ...answer.runs];
      next.value = answer.next_page;
      problem.value = '';
    } catch (error) {
      problem.value = toApiFailure(error).message;
    } finally {
      busy.value = false;
    }
  }
  return { runs: runs.value, next: next.value, busy: busy.value, problem: problem.value, load };
}

function Nothing({ filtered }: { filtered: boolean }): JSX.Element {
  return filtered ? (
    <Notice icon="search" title="No matching runs">
      <p>Clear a filter, or search older runs.</p>
    </Notice>
  ) : (
    <Notice icon="runs" title="No runs yet">
      <p>The first one takes a few seconds.</p>
      <a class="button" href="/dashboard">
        Start a run
      </a>
    </Notice>
  );
}
