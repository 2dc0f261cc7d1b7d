/** The caller's API key, requested when the API refuses a call and kept for this browser tab only. Also creates idempotency keys. */
import { signal } from '@preact/signals';

const STORED = 'murmuration.key';

/** Empty if there is none. */
export const apiKey = signal(sessionStorage.getItem(STORED) ?? '');
/** `asked`: the API has refused a call, and the dialog is open. `postponed`: the dialog was closed without a key; it does not open by itself again. */
export const keyState = signal<'known' | 'asked' | 'postponed'>('known');

/** The API has refused the key, or a call without one. */
export function noteRefusal(): void {
  if (keyState.value === 'known') keyState.value = 'asked';
}

export function askForKey(): void {
  keyState.value = 'asked';
}

export function postponeKey(): void {
  keyState.value = 'postponed';
}

export function setApiKey(key: string): void {
  sessionStorage.setItem(STORED, key);
  apiKey.value = key;
  keyState.value = 'known';
}

export interface OrderKeys {
  /** Returns the same key for the same order, until another order comes. */
  of(order: unknown): string;
  /** The order was accepted: an equal one gets a new key from now on. */
  done(): void;
}

/** Makes requests idempotent: one key per order, until it is accepted. */
export function createOrderKeys(): OrderKeys {
  let text = '';
  let key = '';
  return {
    of(order) {
      const wanted = JSON.stringify(order);
      if (text !== wanted) [text, key] = [wanted, newKey()];
      return key;
    },
    done: () => void (text = ''),
  };
}

/** A new idempotency key. Browsers do not provide `crypto.randomUUID` on plain-HTTP pages. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
