/** All runs, with filters and search. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { RunStatus } from '../../contract';
import { Icon } from '../parts/icons';
import { Away, Loading, Notice } from '../parts/notices';
import { useAnswer, usePageTitle } from '../parts/page';
import { RunRows } from '../parts/run-rows';
import { call, failureOf } from '../state/api';
import type { RunEntry, RunPage } from '../state/run-page';
import { nameOf, swarms } from '../state/swarms';

const PAGE_SIZE = 50;
const EVERY_MS = 4000;
const STATUSES: RunStatus[] = ['running', 'completed', 'failed', 'cancelled'];

interface Filters {
  status?: string;
  swarm?: string;
  session?: string;
  text?: string;
}

/** The filters stand in the address, so that a filtered list can be shared. */
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
  const { text: _text, ...asked } = filters;
  const search = new URLSearchParams({ limit: String(PAGE_SIZE), ...asked }).toString();
  return (
    <div class="page">
      <header class="page-title">
        <h1>Runs</h1>
      </header>
      <FilterBar filters={filters} change={change} />
      <Listed key={search} search={search} text={filters.text ?? ''} />
    </div>
  );
}

function FilterBar({ filters, change }: { filters: Filters; change: (next: Filters) => void }): JSX.Element {
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label class="search">
        <Icon name="search" />
        <span class="off-screen">Search in tasks and ids</span>
        <input
          type="search"
          placeholder="Search in tasks and ids"
          value={filters.text ?? ''}
          onInput={({ currentTarget }) => change({ text: currentTarget.value })}
        />
      </label>
      <Choice name="Status" value={filters.status} any="Any status" change={(status) => change({ status })}>
        {STATUSES.map((status) => [status, status.charAt(0).toUpperCase() + status.slice(1)])}
      </Choice>
      <Choice name="Swarm" value={filters.swarm} any="Any swarm" change={(swarm) => change({ swarm })}>
        {swarms.value.map(({ id }) => [id, nameOf(id)])}
      </Choice>
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

function Listed({ search, text }: { search: string; text: string }): JSX.Element {
  const { data, failure, again } = useAnswer<RunPage>(`/runs?${search}`, { everyMs: EVERY_MS });
  const older = useOlderRuns(search);
  const first = data.value;
  if (!first) return failure.value ? <Away message={failure.value.message} retry={again} /> : <Loading what="runs" />;
  const known = new Set(first.runs.map(({ run_id }) => run_id));
  const all = [...first.runs, ...older.runs.filter(({ run_id }) => !known.has(run_id))];
  const found = all.filter((run) => matches(run, text));
  const next = older.next === undefined ? first.next_page : older.next;
  return (
    <>
      {failure.value && (
        <p class="problem" role="alert">
          The list may be out of date: {failure.value.message}
        </p>
      )}
      {found.length > 0 ? <RunRows runs={found} /> : <Nothing filtered={text !== '' || search.includes('&')} />}
      {next && (
        <p class="more">
          <button type="button" onClick={() => void older.load(next)} disabled={older.busy}>
            {text ? 'Search older runs' : 'Older runs'}
          </button>
          {older.problem && <span role="alert">{older.problem}</span>}
        </p>
      )}
    </>
  );
}

function useOlderRuns(search: string) {
  const runs = useSignal<RunEntry[]>([]);
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
      problem.value = failureOf(error).message;
    } finally {
      busy.value = false;
    }
  }
  return { runs: runs.value, next: next.value, busy: busy.value, problem: problem.value, load };
}

function matches({ message, run_id, session_id }: RunEntry, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  return [message, run_id, session_id].some((field) => field.toLowerCase().includes(wanted));
}

function Nothing({ filtered }: { filtered: boolean }): JSX.Element {
  return filtered ? (
    <Notice icon="search" title="No run fits">
      <p>Loosen a filter, or search older runs.</p>
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
