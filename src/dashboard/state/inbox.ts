/** The runs that wait for a person, over all pages: the counter in the navigation and in the tab's title, and the tab's icon. */
import { effect, signal } from '@preact/signals';
import type { RunDescription, RunPage } from '../../contract/replies';
import { call } from './api';
import { apiKey, keyState } from './key';
import { noticeChanges, wantsNotices } from './notices';

const EVERY_MS = 5000;
/** More waiting runs than this are counted as this many. */
const SHOWN = 50;

export const inbox = signal<RunDescription[]>([]);

/** Without a view that waits for the answer, a missing key is not asked for. */
async function ask(): Promise<void> {
  if (keyState.peek() !== 'known') return;
  const quiet = { asksForKey: false };
  const waiting = await call<RunPage>(`/runs?state=needs_approval&limit=${SHOWN}`, quiet).catch(() => undefined);
  if (waiting) inbox.value = waiting.runs;
  if (!wantsNotices.peek()) return;
  const newest = await call<RunPage>(`/runs?limit=${SHOWN}`, quiet).catch(() => undefined);
  if (newest) noticeChanges(newest.runs);
}

/** Requests the inbox now; a decision of this page is then shown at once. */
export const refreshInbox = (): void => void ask();

/** A hidden page asks only if its person wants to be notified. */
export function watchInbox(): void {
  setInterval(() => {
    if (!document.hidden || wantsNotices.peek()) void ask();
  }, EVERY_MS);
  document.addEventListener('visibilitychange', () => document.hidden || void ask());
  effect(() => {
    void apiKey.value;
    void ask();
  });
  effect(() => showIcon(inbox.value.length > 0));
}

function showIcon(needsAttention: boolean): void {
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (!icon?.dataset.attention) return;
  icon.dataset.calm ??= icon.href;
  icon.href = needsAttention ? icon.dataset.attention : icon.dataset.calm;
}
