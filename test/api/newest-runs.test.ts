/** Pages through a visibility store with many runs, its own sort order and rounded times. */
import type { Client } from '@temporalio/client';
import { readNewest, type Place } from '../../src/api/newest-runs';
import { createChance } from '../support/chance';

interface Stored {
  id: string;
  nanoseconds: bigint;
  isOpen: boolean;
}

const SECOND = 1_000_000_000n;
const NOW = BigInt(Date.now()) * 1_000_000n;

/** Behaves like Temporal: returns open executions first, page by page, within the bounds of the query. */
function createStore(runs: Stored[]) {
  const calls = { count: 0, list: 0 };
  const matching = (query: string) => {
    const bound = (operator: string) => {
      const [, time] = new RegExp(`StartTime ${operator} '([^']+)'`).exec(query) ?? [];
      return time === undefined ? undefined : BigInt(Date.parse(time)) * 1_000_000n;
    };
    const [from, to] = [bound('>='), bound('<=')];
    return runs
      .filter(
        ({ nanoseconds }) => (from === undefined || nanoseconds >= from) && (to === undefined || nanoseconds <= to),
      )
      .sort((a, b) => Number(b.isOpen) - Number(a.isOpen) || (a.id < b.id ? -1 : 1));
  };
  const workflowService = {
    countWorkflowExecutions: async ({ query }: { query: string }) => {
      calls.count++;
      return { count: matching(query).length };
    },
    listWorkflowExecutions: async (request: { query: string; pageSize: number; nextPageToken?: Buffer }) => {
      calls.list++;
      const from = Number(String(request.nextPageToken ?? '0'));
      const all = matching(request.query);
      const next = from + request.pageSize;
      return {
        executions: all.slice(from, next).map(({ id, nanoseconds }) => ({
          execution: { workflowId: id },
          startTime: { seconds: Number(nanoseconds / SECOND), nanos: Number(nanoseconds % SECOND) },
        })),
        nextPageToken: next < all.length ? Buffer.from(String(next)) : Buffer.alloc(0),
      };
    },
  };
  const connection = { withDeadline: (_at: number, work: () => Promise<unknown>) => work(), workflowService };
  return { handle: { client: { connection } as unknown as Client, namespace: 'default' }, calls };
}

async function readAll(runs: Stored[], limit: number, between: () => void = () => undefined) {
  const { handle, calls } = createStore(runs);
  const ids: string[] = [];
  let pages = 0;
  for (let after: Place | undefined; ;) {
    const { executions, last } = await readNewest(handle, 'true', limit, after);
    pages++;
    expect(executions.length).toBeLessThanOrEqual(limit);
    ids.push(...executions.map(({ execution }) => execution?.workflowId ?? ''));
    if (!last) return { ids, calls, pages };
    after = last;
    between();
  }
}

const inOrder = (runs: Stored[]) =>
  [...runs]
    .sort((a, b) => (a.nanoseconds === b.nanoseconds ? (a.id < b.id ? -1 : 1) : a.nanoseconds > b.nanoseconds ? -1 : 1))
    .map(({ id }) => id);

const chance = createChance(24);
const SPANS: [string, (i: number) => bigint][] = [
  ['of the last hour', () => BigInt(chance.below(3600)) * SECOND],
  ['of three years', () => BigInt(chance.below(94_000_000)) * SECOND],
  ['that started at once', () => 7n * SECOND],
  ['in bursts', (i) => BigInt(Math.floor(i / 150)) * 86_400n * SECOND + BigInt(i % 3)],
];

describe.each(SPANS)('runs %s', (_what, ago) => {
  test.each([0, 1, 20, 199, 1500])('are listed once each, newest first: %i of them', async (count) => {
    const runs = Array.from({ length: count }, (_, i) => ({
      id: `run-${i}`,
      nanoseconds: NOW - ago(i),
      isOpen: chance.below(10) < 3,
    }));
    const { ids, calls, pages } = await readAll(runs, count > 1000 ? 100 : 20);
    expect(ids).toEqual(inOrder(runs));
    expect((calls.count + calls.list) / pages).toBeLessThan(40);
  });
});

test('runs that start or end between two pages do not change the following pages', async () => {
  const runs: Stored[] = Array.from({ length: 400 }, (_, i) => ({
    id: `run-${i}`,
    nanoseconds: NOW - BigInt(i) * SECOND,
    isOpen: true,
  }));
  const expected = inOrder(runs);
  let started = 0;
  const { ids } = await readAll(runs, 30, () => {
    runs.push({ id: `late-${started}`, nanoseconds: NOW + BigInt(++started) * SECOND, isOpen: true });
    for (const run of runs) run.isOpen &&= chance.below(2) === 0;
  });
  expect(ids).toEqual(expected);
});
