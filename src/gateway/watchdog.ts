/** Aborts a stream that stays silent: for too long before its first token, or between two tokens. */

export interface Watchdog {
  signal: AbortSignal;
  /** Called for each token. */
  alive(): void;
  stop(): void;
}

export function createWatchdog(firstTokenTimeoutMs: number, idleTimeoutMs: number): Watchdog {
  const controller = new AbortController();
  const bark = () => controller.abort();
  let timer = setTimeout(bark, firstTokenTimeoutMs);
  let seen = false;
  return {
    signal: controller.signal,
    alive() {
      // re-arming a timer costs less than making one: tokens come by the ten thousand
      if (seen) return void timer.refresh();
      seen = true;
      clearTimeout(timer);
      timer = setTimeout(bark, idleTimeoutMs);
    },
    stop: () => clearTimeout(timer),
  };
}
