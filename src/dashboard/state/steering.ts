/** A person's word to a run. Each call carries a key of its own, so that a request that is repeated by the network counts once. */
import type { SteeringUpdates } from '../../contract/steering';
import { call } from './api';
import { newKey } from './key';

export type Said = { [T in keyof SteeringUpdates]: Partial<SteeringUpdates[T]['takes']> };

export async function steer<T extends keyof SteeringUpdates>(runId: string, word: T, said: Said[T]): Promise<void> {
  await call(`/runs/${encodeURIComponent(runId)}/${word}`, {
    method: 'POST',
    headers: { 'Idempotency-Key': newKey() },
    body: said,
  });
}

/** Stops a run, and its spending. */
export async function stopRun(runId: string): Promise<void> {
  await call(`/runs/${encodeURIComponent(runId)}/cancel`, { method: 'POST' });
}
