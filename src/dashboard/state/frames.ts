/** What comes over the WebSocket, as events of the contract. */
import type { CancelFrame, Failure, Frame, PlacedEvent, ResetFrame, RunEvent } from '../../contract';

/** A frame that says that something went wrong with one run, or with none in particular. */
export interface ErrorFrame {
  event: 'error';
  error: Failure;
  run_id?: string;
}

export type ServerFrame = Frame | ResetFrame | CancelFrame | ErrorFrame;

/** The reverse of the contract's `toFrame`. */
export function toPlacedEvent({ content, done: _done, cursor, event: type, ...rest }: Frame): PlacedEvent {
  const event = { ...rest, v: 1, type, ...(type === 'turn.delta' ? { text: content } : {}) };
  return { cursor, event: event as unknown as RunEvent };
}
