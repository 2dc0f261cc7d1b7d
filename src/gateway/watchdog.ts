/** Aborts a stream that is silent too long, before its first token or between two tokens. */

export interface Watchdog {
  signal: AbortSignal;
  /** Whether a token has arrived. */
  readonly wasAlive: boolean;
  /** Call this for each token. */
  alive(): void;
  /** Call this when the answer is complete: the rest of the stream may take at most this long. */
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
      // refreshing a timer costs less than creating one: tokens arrive by the ten thousand
      if (armedForIdle) return void timer.refresh();
      armedForIdle = true;
      arm(idleTimeoutMs);
    },
    winding: arm,
    stop: () => clearTimeout(timer),
  };
}
