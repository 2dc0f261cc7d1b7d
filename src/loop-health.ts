/** Health of a process's background loops: logs failures at most once a minute per loop; a loop that keeps failing shows in health. */
import type { Logger } from './log';

export interface Loop {
  succeeded(): void;
  failed(error: unknown): void;
}

export interface LoopProblem {
  /** A sentence with what fails, since when, and why. */
  problem: string;
  isEssential: boolean;
}

export interface LoopHealth {
  /** Creates a loop with its name in logs. If an essential loop fails, runs are not executed or cannot be followed. */
  loop(name: string, options?: { isEssential?: boolean }): Loop;
  /** Loops that have failed without a success for at least {@link PATIENCE_MS}. */
  problems(): LoopProblem[];
}

/** A loop without monitoring. */
export const UNWATCHED: Loop = { succeeded: () => undefined, failed: () => undefined };

const LOG_INTERVAL_MS = 60_000;
/** Tolerance for a restart of Redis or Temporal. */
const PATIENCE_MS = 10_000;

export function createLoopHealth(log: Logger): LoopHealth {
  const loops: { name: string; isEssential: boolean; failing(): { since: number; reason: string } | undefined }[] = [];
  return {
    loop(name, { isEssential = false } = {}) {
      const loop = createLoop(name, log);
      loops.push({ name, isEssential, failing: loop.failing });
      return loop;
    },
    problems: () =>
      loops.flatMap(({ name, isEssential, failing }) => {
        const state = failing();
        if (!state || Date.now() - state.since < PATIENCE_MS) return [];
        const problem = `${name} has failed since ${new Date(state.since).toISOString()}: ${state.reason}`;
        return [{ problem, isEssential }];
      }),
  };
}

function createLoop(name: string, log: Logger) {
  let state: { since: number; reason: string; failures: number } | undefined;
  let loggedAt = 0;
  return {
    failing: () => state,
    succeeded(): void {
      if (state && Date.now() - state.since >= PATIENCE_MS)
        log.info({ loop: name, failures: state.failures }, 'background loop works again');
      state = undefined;
    },
    failed(error: unknown): void {
      const now = Date.now();
      const reason = error instanceof Error ? error.message : String(error);
      state = { since: state?.since ?? now, failures: (state?.failures ?? 0) + 1, reason };
      if (now - loggedAt < LOG_INTERVAL_MS) return;
      loggedAt = now;
      log.warn({ loop: name, failures: state.failures, error }, 'background loop failed');
    },
  };
}
