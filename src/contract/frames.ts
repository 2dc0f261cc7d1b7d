/** The frame in which clients get an event, over WebSocket and Server-Sent Events alike. */
import { isTerminal, type PlacedEvent, type RunEvent } from './events';
import type { RunScope } from './runs';

/** A client that knows only `content` and `done` can read it; one that knows more finds the whole event beside them. */
export type Frame = Omit<RunEvent, 'type' | 'v' | 'text'> & {
  content: string;
  done: boolean;
  cursor: string;
  event: RunEvent['type'];
};

/**
 * The frame of one event. `content` is the new text of a `turn.delta`; on `turn.restarted` a line that says so to clients which
 * know only `content`; else empty. `done` is true on the run's last event only.
 */
export function toFrame({ cursor, event }: PlacedEvent): Frame {
  const { type, v: _version, ...rest } = event;
  if (!('text' in rest)) return { content: noticeOf(event), done: isTerminal(event), event: type, cursor, ...rest };
  const { text, ...delta } = rest;
  return { content: text, done: false, event: type, cursor, ...delta };
}

function noticeOf(event: RunEvent): string {
  return event.type === 'turn.restarted' ? `\n\n[${event.label} was interrupted and begins anew.]\n\n` : '';
}

/** Stands for no event: the stream that the reader knows is gone. Drop the whole run; what is known of it follows from the start. */
export interface ResetFrame extends RunScope {
  event: 'run.reset';
  content: string;
  done: false;
  /** The place before the first event that follows. */
  cursor: string;
}

/** Answers the request to cancel a run; over WebSocket only. `accepted` is false where the run had already ended. */
export interface CancelFrame extends RunScope {
  event: 'cancel.accepted';
  content: '';
  done: false;
  accepted: boolean;
}

export function cancelFrame({ run_id, session_id, team_id }: RunScope, accepted: boolean): CancelFrame {
  return { event: 'cancel.accepted', content: '', done: false, run_id, session_id, team_id, accepted };
}

/** `generation` names the stream that follows. */
export function resetFrame({ run_id, session_id, team_id }: RunScope, generation: string): ResetFrame {
  const content = '\n\n[The stream was replaced; everything follows from the beginning.]\n\n';
  return { event: 'run.reset', content, done: false, run_id, session_id, team_id, cursor: `${generation}-0` };
}
