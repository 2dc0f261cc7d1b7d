/** Aborts a stream that stays silent: for too long before its first token, or between two tokens. */

export interface Watchdog {
  signal: AbortSignal;
  /** Whether there was a token yet. */
  readonly wasAlive: boolean;
  /** Called for each token. */
  alive(): void;
  /** Called when the answer is complete: what may still follow is waited for this long at most. */
  winding(ms: number): void;
  stop(): void;
}

export function createWatchdog(firstTokenTimeoutMs: number, idleTimeoutMs: number): Watchdog {
  const controller = new AbortController();
  const bark = () => controller.abort();
  let timer = setTimeout(bark, firstTokenTimeoutMs);
  let armedForIdle = false;
  const arm = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(bark, ms);
  };
  return {
    signal: controller.signal,
    get wasAlive() {
      return armedForIdle;
    },
    alive() {
      // to re-arm a timer costs less than to make one: tokens come by the ten thousand
      if (armedForIdle) return void timer.refresh();
      armedForIdle = true;
      arm(idleTimeoutMs);
    },
    winding: arm,
    stop: () => clearTimeout(timer),
  };
}
