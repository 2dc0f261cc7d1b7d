/** Whether a job's text came whole, by the numbers and stamps in its tokens; and how long each token was on its way. */
import { readSequence } from '../../test/support/scripted-gateway';
import { sum } from '../statistics';
import type { Transcript } from './transcript';

/** What a job must have said: so many turns of so many tokens. */
export interface Expected {
  turns: number;
  tokens: number;
}

export interface Damage {
  /** Jobs that did not complete. */
  failed: number;
  lost: number;
  repeated: number;
  /** Tokens and frames in the wrong place, and characters that belong to no token. */
  misplaced: number;
}

export function damageOf(heard: Transcript, { turns, tokens }: Expected): Damage {
  const said = [...heard.texts.values()].map((text) => readSequence(text, { expected: tokens }));
  const silent = Math.max(0, turns - said.length);
  return {
    failed: heard.completed ? 0 : 1,
    lost: sum(said.map(({ lost }) => lost.length)) + silent * tokens,
    repeated: sum(said.map(({ repeated }) => repeated.length)),
    misplaced: heard.misplaced + sum(said.map(({ reordered, stray }) => reordered.length + stray.length)),
  };
}

export function addDamage(all: readonly Damage[]): Damage {
  const total = (field: keyof Damage) => sum(all.map((damage) => damage[field]));
  return { failed: total('failed'), lost: total('lost'), repeated: total('repeated'), misplaced: total('misplaced') };
}

export function isWhole({ failed, lost, repeated, misplaced }: Damage): boolean {
  return failed + lost + repeated + misplaced === 0;
}

const STAMP = /@(\d{13}\.\d{3}) /g;

/** From the gateway's write to the client's read, milliseconds, token by token. `aheadMs`: how far the gateway's clock is ahead. */
export function relayTimes({ pieces }: Transcript, aheadMs: number): number[] {
  return pieces.flatMap(({ text, at }) =>
    Array.from(text.matchAll(STAMP), ([, stamp]) => at + aheadMs - Number(stamp)),
  );
}
