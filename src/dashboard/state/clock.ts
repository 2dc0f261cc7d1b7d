/** The time, for countdowns and durations: ticks while somebody looks at it. */
import { signal } from '@preact/signals';

const TICK_MS = 250;

export const now = signal(Date.now());

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, TICK_MS);
}
