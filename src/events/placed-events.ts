/** Parses frames, as clients receive them, back into events. Pure. */
import type { PlacedEvent, RunEvent } from '../contract/events';
import type { Frame } from './frames';

/** The inverse of `toFrame`. */
export function toPlacedEvent({ content, done: _done, cursor, event: type, ...rest }: Frame): PlacedEvent {
  const event = { ...rest, v: 1, type, ...(type === 'turn.delta' ? { text: content } : {}) };
  return { cursor, event: event as unknown as RunEvent };
}
