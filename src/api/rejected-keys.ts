/** Slows down guessing of API keys: an address that sent too many wrong keys must wait before its next key is checked. */
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Logger } from '../log';

const WRONG_KEYS = 10;
const WINDOW_SECONDS = 60;
/** The maximum number of remembered valid keys, each with the address that sent it. */
const PROVEN_LIMIT = 10_000;

export interface RejectedKeys {
  /** Seconds until the next key of this address is checked; 0 if it is checked now. */
  waitSeconds(address: string, mark: string): Promise<number>;
  /** Records whether the key was valid. `mark` identifies the key. */
  note(address: string, mark: string, isRight: boolean): Promise<void>;
}

/**
 * A key that was valid before from the same address needs no wait, so that one caller's mistakes do not lock out others behind the same
 * proxy. All other keys wait, valid or not, because the reply would reveal which they are.
 */
export function createRejectedKeys(log: Logger): RejectedKeys {
  const wrong = new RateLimiterMemory({ points: WRONG_KEYS, duration: WINDOW_SECONDS });
  const proven = new Set<string>();
  const place = (address: string, mark: string) => `${address} ${mark}`;

  return {
    async waitSeconds(address, mark) {
      if (proven.has(place(address, mark))) return 0;
      const counted = await wrong.get(address);
      if (!counted || counted.consumedPoints < WRONG_KEYS) return 0;
      return Math.max(1, Math.ceil(counted.msBeforeNext / 1000));
    },
    async note(address, mark, isRight) {
      if (isRight) {
        const [oldest] = proven;
        if (oldest !== undefined && proven.size >= PROVEN_LIMIT) proven.delete(oldest);
        proven.add(place(address, mark));
        return;
      }
      const { consumedPoints: count } = await wrong.penalty(address);
      // only the first and the last one of a window are logged: a log that grows with each guess would help an attacker
      if (count === 1) log.warn({ address }, 'key rejected');
      if (count === WRONG_KEYS)
        log.warn({ address, count, seconds: WINDOW_SECONDS }, 'keys rejected: address must wait');
    },
  };
}
