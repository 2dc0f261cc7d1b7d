// @ts-check
// One running service: everything it needs is prepared, started side by side, waited for, and stopped again in order.

import { StartFailure } from './failure.mjs';
import { startGuard } from './guard.mjs';
import { readHealth } from './health.mjs';
import { rotateLogs } from './log-files.mjs';
import { createPidFiles, stopLeftovers } from './pid-files.mjs';
import { findListener, isListening } from './ports.mjs';
import { prepare } from './prepare.mjs';
import { waitUntilReady } from './readiness.mjs';
import { REDIS_PORT } from './redis.mjs';
import { STOP_ORDER, findForeignRedis, planServices, requireAnswer } from './services.mjs';
import { createSupervisor } from './supervise.mjs';
import { TEMPORAL_PORT } from './temporal.mjs';

/** @typedef {ReturnType<typeof createStack>} Stack */

/**
 * @param {import('./environment.mjs').Environment} place
 * @param {import('./prepare.mjs').Context} context
 */
export function createStack(place, context) {
  const { progress } = context;
  const pidFiles = createPidFiles(place.runDir);
  const supervisor = createSupervisor({ logDir: place.logDir, pidFiles, say: progress.say });

  return {
    /** Returns once everything is ready, with the addresses to show. */
    async start() {
      await stopWhatIsLeft(place, progress);
      await requireFreePort(place);
      const foreignRedis = await findForeignRedis(place);
      await requireConfigured(place);
      const wanted = { redis: !foreignRedis, temporal: !place.env.TEMPORAL_ADDRESS, models: place.wantsLocalModel };
      const parts = await prepare(place, context, wanted);
      const plan = await planServices(place, parts, foreignRedis);
      rotateLogs(place.logDir, STOP_ORDER);
      startGuard(place.runDir, STOP_ORDER);
      await progress.run('start', (step) => startAll(plan, supervisor, { place, step, signal: context.signal }));
      supervisor.settle();
      const problems = problemsOf(await readHealth(place.apiUrl));
      return { addresses: plan.addresses, models: parts.models?.map(({ id }) => id), foreignRedis, problems };
    },
    stop: () => supervisor.stopAll(STOP_ORDER),
    killAll: () => supervisor.killAll(),
  };
}

/** @param {import('./health.mjs').Health | undefined} health */
function problemsOf(health) {
  if (health?.status === 'ok') return [];
  return health?.problems?.length ? health.problems : [`healthz says ${JSON.stringify(health)}`];
}

/** @param {import('./environment.mjs').Environment} place @param {import('./progress.mjs').Progress} progress */
async function stopWhatIsLeft(place, progress) {
  const left = await stopLeftovers(place.runDir, STOP_ORDER);
  if (left.length) progress.say(`Stopped what an earlier start left running: ${left.join(', ')}.`);
}

/** @param {import('./environment.mjs').Environment} place */
async function requireFreePort({ port, host }) {
  const asked = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  if (!(await isListening(port, asked))) return;
  const pid = findListener(port);
  throw new StartFailure(
    `port ${port} is in use${pid ? ` by pid ${pid}` : ''}.`,
    `Stop that program or set PORT=${port + 10}.`,
  );
}

/** @param {import('./environment.mjs').Environment} place */
async function requireConfigured({ env }) {
  if (env.REDIS_URL) await requireAnswer('REDIS_URL', env.REDIS_URL, REDIS_PORT);
  if (env.TEMPORAL_ADDRESS) await requireAnswer('TEMPORAL_ADDRESS', env.TEMPORAL_ADDRESS, TEMPORAL_PORT);
}

/**
 * Servers first, all at once; our own two processes as soon as those that they connect to answer.
 * @param {Awaited<ReturnType<typeof planServices>>} plan
 * @param {ReturnType<typeof createSupervisor>} supervisor
 * @param {{place: import('./environment.mjs').Environment, step: import('./progress.mjs').Step, signal: AbortSignal}} context
 */
async function startAll({ servers, ours }, supervisor, context) {
  context.signal.throwIfAborted();
  for (const { spec } of servers) supervisor.start(spec);
  const connectedTo = servers.filter(({ spec }) => spec.name !== 'local-model');
  await waitUntilReady(connectedTo, supervisor, context);
  for (const { spec } of ours) supervisor.start(spec);
  await waitUntilReady([...servers, ...ours], supervisor, context);
  context.step.update('');
}
