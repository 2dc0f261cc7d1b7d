/** What is done to the installation while runs stream: seeded, bounded, and always made good again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../support/chance';
import type { Member, World } from './world';

/** Does harm and makes it good; resolves when all is as before. */
type Fault = (world: World, chance: Chance) => Promise<void>;

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

/** The successor takes over while the old worker only sleeps: when it wakes, two believe that a turn is theirs. */
async function replaceFrozen(member: Member, staleMs: number): Promise<void> {
  const old = member.running;
  process.kill(old.pid, 'SIGSTOP');
  member.running = await member.launch();
  process.kill(old.pid, 'SIGCONT');
  await sleep(staleMs);
  await old.kill('SIGKILL');
}

/** By what they are done to, so that no two meet at one process. */
export const FAULTS: Record<string, { target: 'worker' | 'api' | 'redis' | 'temporal'; weight: number; fault: Fault }> =
  {
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

export interface Planned {
  name: string;
  afterMs: number;
}

/** One to three faults, on different targets, at random moments. */
export function planFaults(chance: Chance): Planned[] {
  const planned: Planned[] = [];
  const wanted = 1 + chance.below(3);
  while (planned.length < wanted) {
    const name = chance.pick(NAMES);
    const { target } = FAULTS[name]!;
    if (planned.some((other) => FAULTS[other.name]!.target === target)) continue;
    planned.push({ name, afterMs: 200 + chance.below(WITHIN_MS) });
  }
  return planned;
}

export async function carryOut(world: World, planned: Planned[], chance: Chance): Promise<void> {
  await Promise.all(
    planned.map(async ({ name, afterMs }) => {
      await sleep(afterMs);
      await FAULTS[name]!.fault(world, chance);
    }),
  );
}
