/** One running service: prepares everything it needs, starts it in parallel, waits for it, and stops it in order. */
import { StartFailure } from '../../bootstrap/failure.cjs';
import type { HealthReply } from '../contract/service-replies';
import type { Environment } from './environment';
import { startGuard } from './guard';
import { readHealth } from './health';
import { rotateLogs } from './log-files';
import { createPidFiles, stopLeftovers } from './pid-files';
import { findListener, isListening } from './ports';
import { prepare } from './prepare';
import { makePrivate, PRIVATE_UMASK } from './private-folder';
import type { Context, ProgressDisplay } from './progress';
import { waitUntilReady, type StartContext } from './readiness';
import { REDIS_PORT } from './redis-server';
import {
  STOP_ORDER,
  findForeignRedis,
  planServices,
  requireAnswer,
  type Addresses,
  type ServicePlan,
} from './services';
import { createSupervisor, type Supervisor } from './supervise';
import { TEMPORAL_PORT } from './temporal-server';

/** The result of a start. */
export interface Started {
  addresses: Addresses;
  /** Ids of the local models, if they are served. */
  models: string[] | undefined;
  foreignRedis: string | undefined;
  /** Why it cannot execute tasks yet. */
  problems: string[];
}

export interface Stack {
  /** Resolves once everything is ready. */
  start(): Promise<Started>;
  restart(names: string[]): Promise<void>;
  stop(): Promise<void>;
  killAll(): void;
}

export function createStack(environment: Environment, context: Context): Stack {
  const { logDir, runDir } = environment;
  const { progress, signal } = context;
  const supervisor = createSupervisor({ logDir, pidFiles: createPidFiles(runDir), say: progress.say });
  return {
    async start() {
      await stopWhatIsLeft(runDir, progress);
      await requireFreePort(environment);
      const foreignRedis = await findForeignRedis(environment);
      await requireConfigured(environment);
      const parts = await prepare(environment, context, {
        redis: !foreignRedis,
        temporal: !environment.env.TEMPORAL_ADDRESS,
        models: environment.wantsLocalModel,
      });
      // files built before may be readable by all; everything from now on is private
      makePrivate(environment);
      process.umask(PRIVATE_UMASK);
      const plan = await planServices(environment, parts, foreignRedis);
      rotateLogs(logDir, STOP_ORDER);
      startGuard(runDir, STOP_ORDER);
      await progress.run('start', (step) => startAll(plan, supervisor, { environment, step, signal }));
      supervisor.settle();
      const problems = listProblems(await readHealth(environment));
      return { addresses: plan.addresses, models: parts.models?.map(({ id }) => id), foreignRedis, problems };
    },
    restart: (names) => supervisor.restart(names),
    stop: () => supervisor.stopAll(STOP_ORDER),
    killAll: () => supervisor.killAll(),
  };
}

function listProblems(health: HealthReply | undefined): string[] {
  if (health?.status === 'ok') return [];
  return health?.problems?.length ? health.problems : [`healthz says ${JSON.stringify(health)}`];
}

async function stopWhatIsLeft(runDir: string, progress: ProgressDisplay): Promise<void> {
  const left = await stopLeftovers(runDir, STOP_ORDER);
  if (left.length) progress.say(`Stopped what an earlier start left running: ${left.join(', ')}.`);
}

async function requireFreePort({ port, host }: Environment): Promise<void> {
  const reachable = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  if (!(await isListening(port, reachable))) return;
  const pid = findListener(port);
  throw new StartFailure(
    `port ${port} is in use${pid ? ` by pid ${pid}` : ''}.`,
    `Stop that program or set PORT=${port + 10}.`,
  );
}

async function requireConfigured({ env }: Environment): Promise<void> {
  if (env.REDIS_URL) await requireAnswer('REDIS_URL', env.REDIS_URL, REDIS_PORT);
  if (env.TEMPORAL_ADDRESS) await requireAnswer('TEMPORAL_ADDRESS', env.TEMPORAL_ADDRESS, TEMPORAL_PORT);
}

/** Starts all servers at once; starts our own two processes as soon as the servers that they connect to are ready. */
async function startAll({ servers, ours }: ServicePlan, supervisor: Supervisor, context: StartContext): Promise<void> {
  context.signal.throwIfAborted();
  for (const { spec } of servers) supervisor.start(spec);
  const connectedTo = servers.filter(({ spec }) => spec.name !== 'local-model');
  await waitUntilReady(connectedTo, supervisor, context);
  for (const { spec } of ours) supervisor.start(spec);
  await waitUntilReady([...servers, ...ours], supervisor, context);
  context.step.update('');
}
