/** Waits until services are ready. Fails with an explanation if a child does not start or the time limit is reached. */
import { setTimeout as sleep } from 'node:timers/promises';
import { StartFailure } from '../../bootstrap/failure.cjs';
import type { Environment } from './environment';
import { readHealth } from './health';
import type { StepContext } from './progress';
import type { Service } from './services';
import type { Supervisor } from './supervise';

const LIMIT_MS = 180_000;
const POLL_MS = 50;

export interface StartContext extends StepContext {
  environment: Environment;
}

export async function waitUntilReady(
  services: Service[],
  supervisor: Supervisor,
  { environment, step, signal }: StartContext,
): Promise<void> {
  const waiting = new Set(services.map(({ spec }) => spec.name));
  const show = () => step.update(waiting.size ? `waiting for ${[...waiting].join(', ')}` : '');
  const over = new AbortController();
  const limit = AbortSignal.any([signal, over.signal, AbortSignal.timeout(LIMIT_MS)]);
  show();
  const all = services.map(async (service) => {
    while (!(await service.isReady().catch(() => false))) await sleep(POLL_MS, undefined, { signal: limit });
    waiting.delete(service.spec.name);
    show();
  });
  try {
    await Promise.race([Promise.all(all), supervisor.failed]);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof StartFailure ? error : await describeTimeout([...waiting], supervisor, environment);
  } finally {
    over.abort();
    await Promise.allSettled(all);
  }
}

async function describeTimeout(
  waiting: string[],
  supervisor: Supervisor,
  environment: Environment,
): Promise<StartFailure> {
  const health = await readHealth(environment);
  const lines = waiting.flatMap((name) => supervisor.readLastLines(name).map((line) => `${name}: ${line}`));
  return new StartFailure(
    `Not ready after ${LIMIT_MS / 1000} s: ${waiting.join(', ')}${health ? ` (healthz says ${JSON.stringify(health)})` : ''}.`,
    `See the logs in ${environment.logDir}; repair what they say and start again.`,
    lines,
  );
}
