/** Faults injected into the installation while runs stream: seeded, bounded, and always repaired. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../support/chance';
import type { Member, Cluster } from './cluster';

/** Injects a fault and repairs it; resolves once everything works again. */
type Fault = (cluster: Cluster, chance: Chance) => Promise<void>;

const freeze = async (pid: number, ms: number) => {
  process.kill(pid, 'SIGSTOP');
  await sleep(ms);
  process.kill(pid, 'SIGCONT');
};

async function killMember(member: Member, downMs: number): Promise<void> {
  await member.running.kill('SIGKILL');
  await sleep(downMs);
  member.running = await member.launch();
}

/** The successor takes over while the old worker is only suspended: after it resumes, two workers believe that they own a turn. */
async function replaceFrozen(member: Member, staleMs: number): Promise<void> {
  const old = member.running;
  process.kill(old.pid, 'SIGSTOP');
  member.running = await member.launch();
  process.kill(old.pid, 'SIGCONT');
  await sleep(staleMs);
  await old.kill('SIGKILL');
}

/** Faults by target, so that no two affect the same process. */
const FAULTS: Record<string, { target: 'worker' | 'api' | 'redis' | 'temporal'; weight: number; fault: Fault }> = {
  'worker killed': {
    target: 'worker',
    weight: 4,
    fault: ({ workers }, chance) => killMember(chance.pick(workers), chance.below(400)),
  },
  'worker replaced while frozen': {
    target: 'worker',
    weight: 5,
    fault: ({ workers }, chance) => replaceFrozen(chance.pick(workers), 300 + chance.below(1500)),
  },
  'worker frozen': {
    target: 'worker',
    weight: 2,
    fault: ({ workers }, chance) => freeze(chance.pick(workers).running.pid, 200 + chance.below(2000)),
  },
  'api killed': {
    target: 'api',
    weight: 3,
    fault: ({ apis }, chance) => killMember(chance.pick(apis), chance.below(400)),
  },
  'api frozen': {
    target: 'api',
    weight: 1,
    fault: ({ apis }, chance) => freeze(chance.pick(apis).running.pid, 200 + chance.below(1500)),
  },
  'Redis killed': {
    target: 'redis',
    weight: 3,
    async fault({ redis }, chance) {
      await redis.kill();
      await sleep(chance.below(1000));
      await redis.revive();
    },
  },
  'Redis emptied': {
    target: 'redis',
    weight: 1,
    async fault({ redis }) {
      await redis.connect().flushall();
    },
  },
  'Temporal frozen': {
    target: 'temporal',
    weight: 1,
    fault: ({ temporal }, chance) => freeze(temporal.pid, 300 + chance.below(1200)),
  },
  'Temporal killed': {
    target: 'temporal',
    weight: 2,
    async fault({ temporal }, chance) {
      await temporal.kill();
      await sleep(chance.below(1000));
      await temporal.revive();
    },
  },
};

const NAMES = Object.entries(FAULTS).flatMap(([name, { weight }]) => Array.from({ length: weight }, () => name));
const WITHIN_MS = 2500;
/** While runs are started, their first calls are in the express lane. */
const STARTING_MS = 250;
/** Keeps runs in the express lane, whose calls are made but shown to nobody. It precedes their start. */
const HOLD_STARTS = 'Temporal frozen';

export interface Planned {
  name: string;
  afterMs: number;
}

/**
 * Injects one to three faults, on different targets, at random moments: in every second seed while the runs are being started, and in
 * half of those while Temporal, which is frozen, has not yet started them.
 */
export function planFaults(chance: Chance): Planned[] {
  const isAtStart = chance.below(2) === 0;
  const planned: Planned[] = isAtStart && chance.below(2) === 0 ? [{ name: HOLD_STARTS, afterMs: 0 }] : [];
  const wanted = planned.length + 1 + chance.below(3);
  while (planned.length < wanted) {
    const name = chance.pick(NAMES);
    const { target } = FAULTS[name]!;
    if (planned.some((other) => FAULTS[other.name]!.target === target)) {
      // there are four targets
      if (planned.length === 4) break;
      continue;
    }
    planned.push({ name, afterMs: isAtStart ? chance.below(STARTING_MS) : 200 + chance.below(WITHIN_MS) });
  }
  return planned;
}

export async function execute(cluster: Cluster, planned: Planned[], chance: Chance): Promise<void> {
  await Promise.all(
    planned.map(async ({ name, afterMs }) => {
      if (afterMs > 0) await sleep(afterMs);
      await FAULTS[name]!.fault(cluster, chance);
    }),
  );
}
