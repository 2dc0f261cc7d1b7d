/** Replies and headers about a run that several routes share. */
import type { RunScope } from '../../contract';
import type { StartedRun } from '../runs';

export function runAddress(runId: string): string {
  return `/runs/${encodeURIComponent(runId)}`;
}

/** The header for a repeated `Idempotency-Key`: the reply refers to the run of the first request. */
export function replayHeaders({ replayed }: Pick<StartedRun, 'replayed'>): Record<string, string> {
  return replayed ? { 'Idempotency-Replayed': 'true' } : {};
}

/** The reply for a run that is still running: its ids and the address of its events. */
export function runningRun({ run_id, session_id, team_id }: RunScope) {
  return { run_id, session_id, team_id, status: 'running' as const, events: `${runAddress(run_id)}/events` };
}
