/** Checks whether a job's text is complete, by the numbers and stamps in its tokens, and measures the latency of each token. */
import { readSequence } from '../../test/support/scripted-gateway';
import { sum } from '../statistics';
import type { Transcript } from './transcript';

/** What a job must produce: `turns` turns of `tokens` tokens each. */
export interface Expected {
  turns: number;
  tokens: number;
}

export interface Damage {
  /** Jobs that did not complete. */
  failed: number;
  lost: number;
  repeated: number;
  /** Tokens and frames in the wrong position, and characters that belong to no token. */
  misplaced: number;
}

export function findDamage(received: Transcript, { turns, tokens }: Expected): Damage {
  const published = [...received.texts.values()].map((text) => readSequence(text, { expected: tokens }));
  const silent = Math.max(0, turns - published.length);
  return {
    failed: received.completed ? 0 : 1,
    lost: sum(published.map(({ lost }) => lost.length)) + silent * tokens,
    repeated: sum(published.map(({ repeated }) => repeated.length)),
    misplaced: received.misplaced + sum(published.map(({ reordered, stray }) => reordered.length + stray.length)),
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

/** Time from the gateway's write to the client's read, milliseconds, per token. `aheadMs`: how far the gateway's clock is ahead. */
export function relayTimes({ pieces }: Transcript, aheadMs: number): number[] {
  return pieces.flatMap(({ text, at }) =>
    Array.from(text.matchAll(STAMP), ([, stamp]) => at + aheadMs - Number(stamp)),
  );
}
