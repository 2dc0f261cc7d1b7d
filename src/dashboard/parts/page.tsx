/** Shared by all views: the title of the tab, and data that is refreshed periodically. */
import { signal, type Signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { observeWorkers } from '../state/health';
import { inbox } from '../state/inbox';
import { call, toApiFailure, type ApiFailure } from '../state/api';

/** The number of runs that wait for a person comes first. */
export function usePageTitle(title: string): void {
  const waiting = inbox.value.length;
  useEffect(() => {
    document.title = `${waiting > 0 ? `(${waiting}) ` : ''}${title} · Murmuration`;
  }, [title, waiting]);
}

/** Observes whether a worker is running, while the view needs to know. */
export function useWorkers(needed: boolean): void {
  useEffect(() => (needed ? observeWorkers() : undefined), [needed]);
}

export interface AnswerPanel<T> {
  data: Signal<T | undefined>;
  failure: Signal<ApiFailure | undefined>;
  /** Refreshes the data now. */
  again(): void;
}

interface AskOptions {
  /** The refresh interval in milliseconds; without it, the data is requested once. */
  everyMs?: number;
  accept?: readonly number[];
}

/** Requests data from the API while the view is mounted. If a refresh fails, the last data stays, together with the failure. */
export function useAnswer<T>(path: string, { everyMs, accept }: AskOptions = {}): AnswerPanel<T> {
  const answer = useMemo(() => createAnswer<T>(path, accept), [path]);
  useEffect(() => {
    answer.again();
    const asking = everyMs === undefined ? undefined : setInterval(() => !document.hidden && answer.again(), everyMs);
    return () => {
      clearInterval(asking);
      answer.leave();
    };
  }, [answer, everyMs]);
  return answer;
}

function createAnswer<T>(path: string, accept: readonly number[] = []): AnswerPanel<T> & { leave(): void } {
  const data = signal<T | undefined>(undefined);
  const failure = signal<ApiFailure | undefined>(undefined);
  let asking: AbortController | undefined;
  const ask = async (signal: AbortSignal) => {
    try {
      const answer = await call<T>(path, { signal, accept });
      if (signal.aborted) return;
      data.value = answer;
      failure.value = undefined;
    } catch (error) {
      if (!signal.aborted) failure.value = toApiFailure(error);
    }
  };
  return {
    data,
    failure,
    again() {
      asking?.abort();
      asking = new AbortController();
      void ask(asking.signal);
    },
    leave: () => asking?.abort(),
  };
}
