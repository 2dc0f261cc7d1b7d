/** Waits for a run's result on behalf of a caller whose connection waits with it. */
import type { RunResult } from '../contract';
import type { Services } from './services';

/** The result, or undefined when the run is not over within the time, or this process stops before. Throws as `Runs.result` does. */
export async function waitForResult(
  { runs, stopping }: Pick<Services, 'runs' | 'stopping'>,
  runId: string,
  limitMs: number,
): Promise<RunResult | undefined> {
  if (stopping.aborted) return undefined;
  let leave = () => {};
  const stopped = new Promise<undefined>((resolve) => {
    leave = () => resolve(undefined);
    stopping.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([runs.result(runId, limitMs), stopped]);
  } finally {
    stopping.removeEventListener('abort', leave);
  }
}
