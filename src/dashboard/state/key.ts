/** The caller's API key: asked for when the API refuses, kept for this browser tab only. */
import { signal } from '@preact/signals';

const STORED = 'murmuration.key';

/** Empty without one. */
export const apiKey = signal(sessionStorage.getItem(STORED) ?? '');
/** Whether the API has refused the key, or the want of one. */
export const keyRefused = signal(false);

export function setApiKey(key: string): void {
  sessionStorage.setItem(STORED, key);
  apiKey.value = key;
  keyRefused.value = false;
}
