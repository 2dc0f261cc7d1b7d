/** The caller's API key: asked for when the API refuses, kept for this browser tab only. And the keys of requests. */
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

export interface OrderKeys {
  /** The same key for the same order, until another one comes. */
  of(order: unknown): string;
  /** The order was accepted: the same words are a new one from now on. */
  done(): void;
}

/** Makes asking safe to repeat: one key for one order, until it was accepted. */
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

/** An idempotency key. `crypto.randomUUID` is kept from plain-HTTP addresses. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
