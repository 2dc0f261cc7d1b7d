/** The runs that the page knows. Each is loaded and followed once, however many views show it. */
import type { Failure } from '../../contract';
import type { RunView as RunReply } from '../../contract/replies';
import { call, toApiFailure, type ApiFailure } from './api';
import { addEvent, EMPTY_RUN_VIEW, newRunView, resetRunView, touch, type DashboardRun } from './run-view';
import { follow, unfollow } from './socket';

/** Beyond this number the oldest runs are dropped, unless they are still running. */
const KEPT_RUNS = 80;
const RETRY_MS = 2000;

const views = new Map<string, DashboardRun>();

/** Returns the run with that id; its state fills in as events arrive. */
export function openRun(id: string): DashboardRun {
  const known = views.get(id);
  if (known && known.phase.peek() !== 'failed') return known;
  const view = known ?? newRunView(id);
  view.phase.value = 'loading';
  views.set(id, view);
  forgetOldest();
  followRun(view);
  void describe(view);
  return view;
}

/** Retries after a failure. */
export function retryRun(view: DashboardRun): void {
  openRun(view.id);
}

/** Requests what may have changed without an event: the queue before the run. */
export function refreshRun(view: DashboardRun): void {
  void describe(view);
}

function followRun(view: DashboardRun): void {
  follow(view.id, {
    cursor: () => view.cursor,
    event(placed, last) {
      // events before this one are missing: request them again
      if (!addEvent(view, placed)) return followRun(view);
      if (last) void describe(view);
    },
    reset: (cursor) => resetRunView(view, cursor),
    failed: (failure) => endWithout(view, failure),
  });
}

/** The server refused to follow the run; the reason decides how to proceed. */
function endWithout(view: DashboardRun, failure: Failure): void {
  if (failure.code === 'UNKNOWN_RUN') {
    view.phase.value = 'unknown';
  } else if (failure.code === 'INVALID_CURSOR' && view.cursor !== EMPTY_RUN_VIEW) {
    resetRunView(view, EMPTY_RUN_VIEW);
    followRun(view);
  } else {
    setTimeout(() => followRun(view), RETRY_MS);
  }
}

/** Requests what the events do not contain: the link to the Temporal Web UI, and the run's result. */
async function describe(view: DashboardRun): Promise<RunReply | undefined> {
  try {
    const description = await call<RunReply>(`/runs/${encodeURIComponent(view.id)}`);
    view.description.value = description;
    touch(view);
    return description;
  } catch (error) {
    fail(view, toApiFailure(error));
    return undefined;
  }
}

/** If events have arrived, the run stays visible despite other failures. */
function fail(view: DashboardRun, failure: ApiFailure): void {
  if (view.phase.peek() === 'live') return;
  unfollow(view.id);
  if (failure.code !== 'AWAY') view.failure = { code: failure.code, message: failure.message };
  else delete view.failure;
  view.phase.value = failure.code === 'UNKNOWN_RUN' ? 'unknown' : 'failed';
}

function forgetOldest(): void {
  for (const [id, view] of views) {
    if (views.size <= KEPT_RUNS) return;
    if (view.snapshot.status === 'running' || view.phase.peek() === 'loading') continue;
    unfollow(id);
    views.delete(id);
  }
}
