/** The frame in which clients get an event, over WebSocket and Server-Sent Events alike. */
import { isTerminal, type PlacedEvent, type RunEvent } from './events';

/** A client that knows only `content` and `done` can read it; one that knows more finds the whole event beside them. */
export type Frame = Omit<RunEvent, 'type' | 'v' | 'text'> & {
  content: string;
  done: boolean;
  cursor: string;
  event: RunEvent['type'];
};

/** The frame of one event. `content` is the new text of a `turn.delta`, else empty; `done` is true on the run's last event only. */
export function toFrame({ cursor, event }: PlacedEvent): Frame {
  const { type, v: _version, ...rest } = event;
  if (!('text' in rest)) return { content: '', done: isTerminal(event), event: type, cursor, ...rest };
  const { text, ...delta } = rest;
  return { content: text, done: false, event: type, cursor, ...delta };
}
