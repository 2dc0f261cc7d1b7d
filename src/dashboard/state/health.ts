/** Whether a run that starts now would be executed, as `GET /healthz` reports it. */
import { signal } from '@preact/signals';
import type { HealthReply } from '../../contract/service-replies';
import { call } from './api';

export type Health = HealthReply;

/** Options for the request: an unhealthy service replies 503 with the same body. */
export const HEALTH_QUESTION = { everyMs: 5000, accept: [503] } as const;

/** Whether a worker is running; undefined while nothing observes it. */
export const hasWorker = signal<boolean | undefined>(undefined);

let observers = 0;
let asking: ReturnType<typeof setInterval> | undefined;

async function ask(): Promise<void> {
  if (document.hidden) return;
  const health = await call<Health>('/healthz', { accept: HEALTH_QUESTION.accept }).catch(() => undefined);
  if (observers > 0) hasWorker.value = health?.systems?.worker;
}

/** Observes the workers until the returned function is called. */
export function observeWorkers(): () => void {
  observers += 1;
  if (observers === 1) {
    void ask();
    asking = setInterval(() => void ask(), HEALTH_QUESTION.everyMs);
  }
  return () => {
    observers -= 1;
    if (observers > 0) return;
    clearInterval(asking);
    hasWorker.value = undefined;
  };
}
