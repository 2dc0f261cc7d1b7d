/**
 * The state of runs as shown to people, for lists and descriptions. An ended run's state follows from Temporal's record; an open run's from
 * its events. Those are folded once: the next request reads only what follows.
 */
import type { PlacedEvent, RunEvent, RunSnapshot } from '../contract';
import type { ShownState } from '../contract/replies';
import { emptySnapshot, foldEvent } from '../events/fold';
import { describeState, makeFacts, readFacts, type RunFacts } from '../events/run-state';
import type { RedisConnection } from '../redis/connect';
import { BEGINNING, parseCursor, type EventReader } from '../redis/events';
import { createSessionQueue } from '../redis/session-queue';
import { listLiveWorkers } from '../redis/workers';
import type { RecordedRun } from './descriptions';
import { within } from './limits/within';

/** The number of open runs whose folded events are kept; the least recently requested is dropped first. */
const KEPT_RUNS = 500;
/** How long a measurement of the workers is used again. */
const WORKERS_FOR_MS = 1000;
/** Without an answer of Redis in time, a run is described by its status alone. */
const DEADLINE_MS = 1500;
const PAGE_SIZE = 1000;

type DescribedRun = RecordedRun & ShownState;

export interface RunStates {
  describe(run: RecordedRun): Promise<DescribedRun>;
  describeAll(runs: readonly RecordedRun[]): Promise<DescribedRun[]>;
  /** As `describe`, from events that the caller has read. */
  describeWith(run: RecordedRun, snapshot: RunSnapshot): Promise<DescribedRun>;
}

interface Followed {
  cursor: string;
  snapshot: RunSnapshot;
}

export function createRunStates(redis: RedisConnection, history: EventReader): RunStates {
  const followed = new Map<string, Followed>();
  const sessions = createSessionQueue(redis);
  const readWorkers = rememberFor(WORKERS_FOR_MS, () => hasWorker(redis));

  async function read(runId: string): Promise<RunSnapshot> {
    const known = followed.get(runId);
    const now = await readOn(history, runId, known).catch(() => readOn(history, runId, undefined));
    followed.delete(runId);
    followed.set(runId, now);
    for (const [oldest] of followed) {
      if (followed.size <= KEPT_RUNS) break;
      followed.delete(oldest);
    }
    return now.snapshot;
  }

  async function describeWith(run: RecordedRun, snapshot: RunSnapshot): Promise<DescribedRun> {
    if (run.status !== 'running') return withState(run, makeFacts(run.status, run.checks_summary));
    const facts = { ...readFacts(snapshot, await readWorkers()), status: run.status };
    if (facts.queuedBehind === 0 || facts.hasTurns) return withState(run, facts);
    const ahead = (await readRunsAhead(run)) ?? snapshot.queued_behind ?? [];
    const described = withState(run, { ...facts, queuedBehind: ahead.length });
    return described.state === 'queued' ? { ...described, queued_behind: ahead } : described;
  }

  /** The runs before this one in its session's queue now: those of its event may have ended. Undefined if Redis does not answer. */
  async function readRunsAhead({ session_id, run_id }: RecordedRun): Promise<string[] | undefined> {
    const queue = await within(DEADLINE_MS, sessions.read(session_id)).catch(() => undefined);
    const place = queue?.indexOf(run_id) ?? -1;
    return place < 0 ? undefined : queue?.slice(0, place);
  }

  async function describe(run: RecordedRun): Promise<DescribedRun> {
    if (run.status !== 'running') {
      followed.delete(run.run_id);
      return withState(run, makeFacts(run.status, run.checks_summary));
    }
    const snapshot = await within(DEADLINE_MS, read(run.run_id)).catch(() => undefined);
    return snapshot ? describeWith(run, snapshot) : withState(run, makeFacts(run.status));
  }

  return { describe, describeWith, describeAll: (runs) => Promise.all(runs.map(describe)) };
}

/** Folds the events that follow a position, without texts: the state does not depend on them. */
async function readOn(history: EventReader, runId: string, known: Followed | undefined): Promise<Followed> {
  let { cursor, snapshot } = known ?? { cursor: BEGINNING, snapshot: emptySnapshot() };
  for (;;) {
    const page = await history.read(runId, cursor, PAGE_SIZE);
    if (isReplaced(cursor, page[0])) [cursor, snapshot] = [BEGINNING, emptySnapshot()];
    for (const { event } of page) foldEvent(snapshot, withoutText(event));
    cursor = page.at(-1)?.cursor ?? cursor;
    if (page.length < PAGE_SIZE) return { cursor, snapshot };
  }
}

/** Whether the stream was replaced by another one, which begins anew. */
function isReplaced(cursor: string, next: PlacedEvent | undefined): boolean {
  return cursor !== BEGINNING && !!next && parseCursor(next.cursor).generation !== parseCursor(cursor).generation;
}

function withoutText(event: RunEvent): RunEvent {
  if (event.type === 'turn.delta') return { ...event, text: '', offset: 0 };
  return event.type === 'turn.thinking' ? { ...event, thinking: '', offset: 0 } : event;
}

function withState(run: RecordedRun, facts: RunFacts): DescribedRun {
  const { state, label, until = null } = describeState(facts);
  const needs_approval = state === 'needs_approval';
  return { ...run, state, state_label: label, waiting_until: until, needs_approval };
}

/** Undefined if Redis does not answer. */
async function hasWorker(redis: RedisConnection): Promise<boolean | undefined> {
  const workers = await within(DEADLINE_MS, listLiveWorkers(redis)).catch(() => undefined);
  return workers && workers.length > 0;
}

function rememberFor<T>(ms: number, measure: () => Promise<T>): () => Promise<T> {
  let measured: { at: number; value: Promise<T> } | undefined;
  return () => {
    if (!measured || Date.now() - measured.at > ms) measured = { at: Date.now(), value: measure() };
    return measured.value;
  };
}
