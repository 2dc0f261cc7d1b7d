/** The runs that the page knows: each is loaded and followed once, whoever looks at it. */
import type { Failure } from '../../contract';
import { call, failureOf, type ApiFailure } from './api';
import { addEvent, BEGINNING, newRunView, resetRunView, touch, type RunDescription, type RunView } from './run-view';
import { follow, unfollow } from './socket';

/** Runs beyond this number are forgotten, the oldest first, unless they still run. */
const KEPT_RUNS = 80;
const RETRY_MS = 2000;

const views = new Map<string, RunView>();

/** The run of that id; it fills itself from its first event on. */
export function openRun(id: string): RunView {
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

/** Tries again after a failure. */
export function retryRun(view: RunView): void {
  openRun(view.id);
}

function followRun(view: RunView): void {
  follow(view.id, {
    cursor: () => view.cursor,
    event(placed, last) {
      // events before this one are missing: asked for again
      if (!addEvent(view, placed)) return followRun(view);
      if (last) void describe(view);
    },
    reset: (cursor) => resetRunView(view, cursor),
    failed: (failure) => endWithout(view, failure),
  });
}

/** The server would not let us follow: why decides what comes next. */
function endWithout(view: RunView, failure: Failure): void {
  if (failure.code === 'UNKNOWN_RUN') {
    view.phase.value = 'unknown';
  } else if (failure.code === 'INVALID_CURSOR' && view.cursor !== BEGINNING) {
    resetRunView(view, BEGINNING);
    followRun(view);
  } else {
    setTimeout(() => followRun(view), RETRY_MS);
  }
}

/** Asks for what the events do not say: the link to the Temporal Web UI, and the run's result. */
async function describe(view: RunView): Promise<RunDescription | undefined> {
  try {
    const description = await call<RunDescription>(`/runs/${encodeURIComponent(view.id)}`);
    view.description.value = description;
    touch(view);
    return description;
  } catch (error) {
    fail(view, failureOf(error));
    return undefined;
  }
}

/** A run whose events come is shown, whatever else fails. */
function fail(view: RunView, failure: ApiFailure): void {
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
