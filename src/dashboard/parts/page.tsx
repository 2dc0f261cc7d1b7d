/** What every view has: a title for the tab, and data that is asked for again from time to time. */
import { signal, type Signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { call, failureOf, type ApiFailure } from '../state/api';

export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Murmuration`;
  }, [title]);
}

export interface Answer<T> {
  data: Signal<T | undefined>;
  failure: Signal<ApiFailure | undefined>;
  /** Asks again now. */
  again(): void;
}

interface AskOptions {
  /** Milliseconds between two questions; without it, it is asked once. */
  everyMs?: number;
  accept?: readonly number[];
}

/** Asks the API while the view is there. An answer stays when a later question fails; the failure stands beside it. */
export function useAnswer<T>(path: string, { everyMs, accept }: AskOptions = {}): Answer<T> {
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

function createAnswer<T>(path: string, accept: readonly number[] = []): Answer<T> & { leave(): void } {
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
      if (!signal.aborted) failure.value = failureOf(error);
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
