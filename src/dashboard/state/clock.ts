/** The current time, for countdowns and durations; it ticks only while it is observed. */
import { computed, signal } from '@preact/signals';

const TICK_MS = 250;

export const now = signal(Date.now());

const COARSE_MS = 15_000;
/** The current time for texts that change seldom, such as `4 min ago`: a long list would be rendered at each tick. */
export const coarseNow = computed(() => Math.floor(now.value / COARSE_MS) * COARSE_MS);

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, TICK_MS);
}
