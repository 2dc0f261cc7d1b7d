/** The number of bytes that a text occupies where it is stored: in events and results it is part of JSON. */
import { payloadSize } from '../contract/payloads';

/** Returns the longest start of a text that fits into a number of bytes, and the bytes left. */
export function fit(text: string, room: number): { fits: string; left: number } {
  const bytes = countTextBytes(text);
  if (bytes <= room) return { fits: text, left: room - bytes };
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (countTextBytes(text.slice(0, middle)) <= room) low = middle;
    else high = middle - 1;
  }
  return { fits: text.slice(0, low).replace(/[\uD800-\uDBFF]$/, ''), left: 0 };
}

/** Size as a JSON string without its quotation marks. */
export function countTextBytes(text: string): number {
  return text === '' ? 0 : payloadSize(text) - 2;
}
