/** A person's decisions and guidance for a run. Each call has its own key, so that a request that the network repeats counts once. */
import type { SteeringUpdates } from '../../contract/steering';
import { call } from './api';
import { newKey } from './key';

export type SteeringBodies = { [T in keyof SteeringUpdates]: Partial<SteeringUpdates[T]['takes']> };

export async function steer<T extends keyof SteeringUpdates>(
  runId: string,
  word: T,
  values: SteeringBodies[T],
): Promise<void> {
  await call(`/runs/${encodeURIComponent(runId)}/${word}`, {
    method: 'POST',
    headers: { 'Idempotency-Key': newKey() },
    body: values,
  });
}

/** Stops a run, and its spending. */
export async function stopRun(runId: string): Promise<void> {
  await call(`/runs/${encodeURIComponent(runId)}/cancel`, { method: 'POST' });
}
