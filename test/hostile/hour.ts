/** One hostile hour, or a part of it: the product under attack, eight innocent runs, and the report at the end. */
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis } from '../../src/redis/connect';
import type { ActionReport, AttackOptions } from './attacker';
import { createCluster, type Cluster } from './cluster';
import { Innocents } from './innocents';
import { watchMachine } from './machine';
import { makeReport, type Report } from './report';
import { spawnTypeScript } from './spawn-typescript';
import { watchCluster } from './watch';

export interface HourOptions {
  seed: number;
  minutes: number;
  only?: string | undefined;
  /** Does harm that the report must show, which proves that the criteria can fail. */
  sabotage?: (cluster: Cluster) => Promise<void>;
  /** Kinds and transports of the innocent runs; the default is all eight. */
  places?: string[];
  onAction?: (report: ActionReport) => void;
}

/** The time that running hostile actions have to end after the last minute. */
const DRAIN_MS = 160_000;

export async function playHour(options: HourOptions): Promise<Report> {
  const { seed, minutes, only } = options;
  const cluster = await createCluster(seed);
  const redis = connectRedis({ url: cluster.redisUrl, patient: true });
  const watch = watchCluster(cluster);
  const machine = watchMachine();
  const actions: ActionReport[] = [];
  try {
    const innocents = new Innocents(cluster, redis, options.places);
    const attacker = startAttacker(cluster, seed, only);
    attacker.onLine((line) => {
      actions.push(line as ActionReport);
      options.onAction?.(line as ActionReport);
    });
    const exited = once(attacker.child, 'exit').then(([code]) => `ended with ${String(code)}`);
    await Promise.all([sleep(minutes * 60_000), options.sabotage?.(cluster)]);
    attacker.child.stdin?.end();
    const drained = Promise.race([exited, sleep(DRAIN_MS, 'were still at work', { ref: false })]);
    const [, attackerEnd] = await Promise.all([innocents.finish(), drained]);
    await attacker.stop();
    watch.stop();
    await cluster.stop();
    return makeReport({
      ...{
        attackerEnd,
        seed,
        minutes,
        actions,
        innocents: innocents.reports,
        deaths: cluster.deaths,
        logs: cluster.logs(),
      },
      ...{
        ready: watch.ready,
        notReady: watch.notReady,
        memory: watch.memory,
        leftBehind: await watch.findLeftBehind(),
      },
      slowness: machine.slowness(),
    });
  } finally {
    watch.stop();
    redis.disconnect();
    await machine.stop();
    await cluster.stop();
  }
}

function startAttacker({ host, port, keys }: Cluster, seed: number, only: string | undefined) {
  const attack: AttackOptions = {
    ...{ seed, host, port, keys: keys.hostile, hasOtherAddresses: hasOtherAddresses() },
    ...(only ? { only } : {}),
  };
  return spawnTypeScript('attacker.ts', [JSON.stringify(attack)]);
}

/** Linux answers on all of 127.0.0.0/8, so that per-address limits distinguish hostile from innocent clients. */
function hasOtherAddresses(): boolean {
  return (
    process.platform === 'linux' &&
    Object.values(networkInterfaces())
      .flat()
      .some((one) => one?.cidr === '127.0.0.1/8')
  );
}
