/** Runs turns of several roles in parallel and waits for a quorum. Turns that are late after that are cancelled and recorded. */
import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { z } from 'zod';
import type { TurnResult } from '../contract';
import type { Failure } from '../contract/failures';
import { cancelAndSettle, stopScope } from './turn-cancellation';
import type { Zod } from './pattern';
import type { Team } from './team';
import type { Invitation } from './turn-request';

const PATIENCE_SECONDS = 180;

/** The result of one round. `answers` is in the order of the invitations. */
export interface Round {
  answers: Map<string, TurnResult>;
  missing: ({ role: string; label: string } & Failure)[];
}

/** How many answers are needed, and how much time the other roles then have. */
export interface AnswerPolicy {
  quorum: number;
  patience_seconds: number;
}

/** Options of a round of parallel turns. Defaults: a majority as quorum, and 180 s of patience. */
export const answerPolicyOptions = (zod: Zod) => ({
  /** Number of answers after which the remaining roles have at most `patience_seconds`. */
  quorum: zod.number().int().min(1).optional(),
  patience_seconds: zod.number().int().min(1).optional(),
});
export type AnswerPolicyOptions = z.infer<z.ZodObject<ReturnType<typeof answerPolicyOptions>>>;

/** Applies the defaults: more than half of the roles, and 180 s. */
export function resolveAnswerPolicy(invited: number, given: AnswerPolicyOptions = {}): AnswerPolicy {
  return {
    quorum: given.quorum ?? Math.floor(invited / 2) + 1,
    patience_seconds: given.patience_seconds ?? PATIENCE_SECONDS,
  };
}

/** Once `quorum` roles have answered, the others have `patience_seconds` left, not counting time paused or waiting for approval. */
export async function gather(
  team: Team,
  invitations: Invitation[],
  { quorum, patience_seconds }: AnswerPolicy,
): Promise<Round> {
  const spoken = new Map<string, TurnResult | undefined>();
  const earlier = team.result([]).failures.length;
  const scope = new CancellationScope();
  let late = false;
  const cutOff: Failure = {
    code: 'CUT_OFF',
    message: `Was not heard within ${patience_seconds} s after the others.`,
  };
  const hear = async ({ role, ask }: Invitation) => {
    try {
      spoken.set(role, await team.trySpeak(role, ask));
    } catch (error) {
      if (!late || !isCancellation(error)) throw error;
      team.note(role, ask, cutOff);
      spoken.set(role, undefined);
    }
  };
  const countAnswers = () => [...spoken.values()].filter(Boolean).length;
  const everyone = () => spoken.size === invitations.length;
  const voices: Promise<void>[] = [];
  try {
    const all = scope.run(() => {
      voices.push(...invitations.map(hear));
      return Promise.all(voices);
    });
    await Promise.race([all, condition(() => everyone() || countAnswers() >= quorum)]);
    let leftMs = patience_seconds * 1000;
    while (!late) {
      const heldBefore = team.held.ms;
      const inTime = everyone() || (await Promise.race([all, condition(everyone, leftMs)]));
      if (inTime) break;
      leftMs = team.held.ms - heldBefore;
      if (leftMs > 0) {
        await Promise.race([all, condition(() => !team.held.isRunning)]);
      } else {
        late = true;
        stopScope(scope, cutOff);
      }
    }
    await all;
  } catch (error) {
    await cancelAndSettle([{ scope }], () => Promise.allSettled(voices));
    throw error;
  }
  const failures = team.result([]).failures.slice(earlier);
  return {
    answers: new Map(invitations.flatMap(({ role }) => (spoken.get(role) ? [[role, spoken.get(role)!]] : []))),
    missing: failures
      .filter(({ code }) => code !== 'INTERRUPTED')
      .map(({ role, label, code, message }) => ({ role, label, code, message })),
  };
}
