/** Lets several roles speak at once and waits for a quorum; who is late after that is cut off and named. */
import { CancellationScope, condition, isCancellation, patched } from '@temporalio/workflow';
import type { PanelOptions, TurnResult } from '../contract';
import type { Failure } from '../contract/failures';
import { hush } from './stopped-turn';
import type { Ask, Team } from './team';

const PATIENCE_SECONDS = 180;

export interface Invitation {
  role: string;
  ask: Ask;
}

/** What came of one round. `heard` is in the order of the invitations. */
export interface Round {
  heard: Map<string, TurnResult>;
  missing: ({ role: string; label: string } & Failure)[];
}

/** How many must be heard, and how long the others then have. */
export interface Hearing {
  quorum: number;
  patience_seconds: number;
}

/** More than half of so many, and three minutes, where a swarm's definition says nothing else. */
export function hearingOf(invited: number, given: PanelOptions = {}): Hearing {
  return {
    quorum: given.quorum ?? Math.floor(invited / 2) + 1,
    patience_seconds: given.patience_seconds ?? PATIENCE_SECONDS,
  };
}

/** Once `quorum` of them are heard, the others have `patience_seconds` left, not counting what they wait for a person. */
export async function gather(
  team: Team,
  invitations: Invitation[],
  { quorum, patience_seconds }: Hearing,
): Promise<Round> {
  const spoken = new Map<string, TurnResult | undefined>();
  const earlier = team.result([]).failures.length;
  const scope = new CancellationScope();
  let late = false;
  const hear = async ({ role, ask }: Invitation) => {
    try {
      spoken.set(role, await team.trySpeak(role, ask));
    } catch (error) {
      if (!late || !isCancellation(error)) throw error;
      team.note(role, ask, {
        code: 'CUT_OFF',
        message: `Was not heard within ${patience_seconds} s after the others.`,
      });
      spoken.set(role, undefined);
    }
  };
  const heardCount = () => [...spoken.values()].filter(Boolean).length;
  const everyone = () => spoken.size === invitations.length;
  const voices: Promise<void>[] = [];
  try {
    const all = scope.run(() => {
      voices.push(...invitations.map(hear));
      return Promise.all(voices);
    });
    await Promise.race([all, condition(() => everyone() || heardCount() >= quorum)]);
    let leftMs = patience_seconds * 1000;
    while (!late) {
      const heldBefore = team.held.ms;
      const inTime = everyone() || (await Promise.race([all, condition(everyone, leftMs)]));
      if (inTime) break;
      leftMs = team.held.ms - heldBefore;
      if (leftMs > 0 && patched('patience-waits-for-people')) {
        await Promise.race([all, condition(() => !team.held.isRunning)]);
      } else {
        late = true;
        scope.cancel();
      }
    }
    await all;
  } catch (error) {
    await hush([{ scope }], () => Promise.allSettled(voices));
    throw error;
  }
  const failures = team.result([]).failures.slice(earlier);
  return {
    heard: new Map(invitations.flatMap(({ role }) => (spoken.get(role) ? [[role, spoken.get(role)!]] : []))),
    missing: failures
      .filter(({ code }) => code !== 'INTERRUPTED')
      .map(({ role, label, code, message }) => ({ role, label, code, message })),
  };
}
