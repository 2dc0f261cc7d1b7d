/** The frames that clients receive, over both WebSocket and Server-Sent Events. */
import type { z } from 'zod';
import { isTerminal, type PlacedEvent, type RunEvent } from '../contract/events';
import type {
  cancelFrame as cancelSchema,
  listeningFrame as listeningSchema,
  pongFrame as pongSchema,
  resetFrame as resetSchema,
} from '../contract/frame-replies';
import type { RunScope } from '../contract/runs';

/** A frame has the whole event, and `content` and `done` for clients that read only those. */
export type Frame = Omit<RunEvent, 'type' | 'v' | 'text'> & {
  content: string;
  done: boolean;
  cursor: string;
  event: RunEvent['type'];
};

/**
 * The frame of one event. `content` is the new text of a `turn.delta`; for `turn.restarted`, `run.failed` and `run.cancelled` it is a
 * notice for clients that read only `content`; otherwise it is empty. `done` is true only on the run's last event.
 */
export function toFrame({ cursor, event }: PlacedEvent): Frame {
  const { type, v: _version, ...rest } = event;
  if (!('text' in rest)) return { content: writeNotice(event), done: isTerminal(event), event: type, cursor, ...rest };
  const { text, ...delta } = rest;
  return { content: text, done: false, event: type, cursor, ...delta };
}

function writeNotice(event: RunEvent): string {
  if (event.type === 'run.failed' || event.type === 'run.cancelled') return failureNotice(event.message);
  if (event.type !== 'turn.restarted') return '';
  return event.why === 'thinking'
    ? `\n\n[${event.label} was thinking so far; the answer follows.]\n\n`
    : `\n\n[${event.label} was interrupted and begins anew.]\n\n`;
}

/** The notice of a failure for clients that read only `content`. */
export function failureNotice(message: string): string {
  return `\n\n[Failed: ${message}]`;
}

/** Not an event: the reader's stream no longer exists. The client must drop the whole run, whose events follow from the start. */
export type ResetFrame = z.infer<typeof resetSchema>;

/** The reply to a request to cancel a run; only over WebSocket. */
export type CancelFrame = z.infer<typeof cancelSchema>;

export function writeCancelFrame({ run_id, session_id, team_id }: RunScope, accepted: boolean): CancelFrame {
  return { event: 'cancel.accepted', content: '', done: false, run_id, session_id, team_id, accepted };
}

/** `generation` identifies the stream that follows. */
export function writeResetFrame({ run_id, session_id, team_id }: RunScope, generation: string): ResetFrame {
  const content = '\n\n[The stream was replaced; everything follows from the beginning.]\n\n';
  return { event: 'run.reset', content, done: false, run_id, session_id, team_id, cursor: `${generation}-0` };
}

/** The reply to `{"type": "ping"}`; only over WebSocket. */
export type PongFrame = z.infer<typeof pongSchema>;

/** The reply to a request to start or stop receiving all runs of the caller; only over WebSocket. */
export type ListeningFrame = z.infer<typeof listeningSchema>;

export function writePongFrame({ id, timestamp }: { id?: unknown; timestamp?: unknown }): PongFrame {
  return { event: 'pong', type: 'pong', content: '', done: false, id, timestamp };
}

export function writeListeningFrame(listening: boolean): ListeningFrame {
  return { event: 'listening', content: '', done: false, listening };
}
