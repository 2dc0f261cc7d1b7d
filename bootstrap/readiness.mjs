// @ts-check
// Waits until services answer for themselves; a child that will not start, or a time limit, ends the wait with what is
// known.

import { setTimeout as sleep } from 'node:timers/promises';
import { CalledOff, StartFailure } from './failure.mjs';
import { readHealth } from './health.mjs';

const LIMIT_MS = 180_000;
const POLL_MS = 50;

/**
 * @param {import('./services.mjs').Service[]} services
 * @param {ReturnType<typeof import('./supervise.mjs').createSupervisor>} supervisor
 * @param {{place: import('./environment.mjs').Environment, step: import('./progress.mjs').Step, signal: AbortSignal}} context
 */
export async function waitUntilReady(services, supervisor, { place, step, signal }) {
  const waiting = new Set(services.map(({ spec }) => spec.name));
  const show = () => step.update(waiting.size ? `waiting for ${[...waiting].join(', ')}` : '');
  const over = new AbortController();
  const limit = AbortSignal.any([signal, over.signal, AbortSignal.timeout(LIMIT_MS)]);
  show();
  const all = services.map(async (service) => {
    while (!(await isReady(service))) await sleep(POLL_MS, undefined, { signal: limit });
    waiting.delete(service.spec.name);
    show();
  });
  try {
    await Promise.race([Promise.all(all), supervisor.failed]);
  } catch (error) {
    if (signal.aborted) throw new CalledOff();
    throw error instanceof StartFailure ? error : await tooLong([...waiting], supervisor, place);
  } finally {
    over.abort();
    await Promise.allSettled(all);
  }
}

/** @param {import('./services.mjs').Service} service */
async function isReady({ isReady }) {
  try {
    return await isReady();
  } catch {
    return false;
  }
}

/**
 * @param {string[]} waiting
 * @param {ReturnType<typeof import('./supervise.mjs').createSupervisor>} supervisor
 * @param {import('./environment.mjs').Environment} place
 */
async function tooLong(waiting, supervisor, place) {
  const health = await readHealth(place.apiUrl);
  const words = waiting.flatMap((name) => supervisor.lastWords(name).map((line) => `${name}: ${line}`));
  return new StartFailure(
    `Not ready after ${LIMIT_MS / 1000} s: ${waiting.join(', ')}${health ? ` (healthz says ${JSON.stringify(health)})` : ''}.`,
    `See the logs in ${place.logDir}; mend what they say and start again.`,
    words,
  );
}
