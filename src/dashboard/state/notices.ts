/** Notifications of the browser when a run needs a person, ends or fails; only if the person has asked for them. */
import { signal } from '@preact/signals';
import type { RunDescription } from '../../contract/replies';

const STORED = 'murmuration.notify';

/** Whether the person wants notifications, and the browser allows them. */
export const wantsNotices = signal(localStorage.getItem(STORED) === 'yes' && isAllowed());

function isAllowed(): boolean {
  return 'Notification' in window && Notification.permission === 'granted';
}

/** Turns notifications on or off; asks the browser for permission first. */
export async function toggleNotices(): Promise<void> {
  if (!wantsNotices.value && 'Notification' in window) await Notification.requestPermission();
  wantsNotices.value = !wantsNotices.value && isAllowed();
  localStorage.setItem(STORED, wantsNotices.value ? 'yes' : 'no');
}

/** The last known state of each open run; a run that was already ended when it was first seen is no news. */
const known = new Map<string, string>();

/** Notifies of open runs that have ended, or that need a person now. */
export function noticeChanges(runs: readonly RunDescription[]): void {
  for (const run of runs) {
    const before = known.get(run.run_id);
    if (run.status === 'running') known.set(run.run_id, run.state);
    else known.delete(run.run_id);
    const isNews = run.needs_approval ? before !== run.state : before !== undefined && run.status !== 'running';
    if (isNews) notify(run);
  }
}

function notify({ run_id, message, state_label }: RunDescription): void {
  const notice = new Notification(state_label, { body: message.slice(0, 120), tag: run_id });
  notice.onclick = () => {
    window.focus();
    location.assign(`/dashboard/runs/${encodeURIComponent(run_id)}`);
  };
}
