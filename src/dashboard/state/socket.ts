/**
 * One WebSocket for all runs. It follows each run from the cursor of the last event that arrived. After any interruption (a lost network, a
 * sleeping laptop, an API restart, a reader that was too slow) it reconnects and continues from there.
 */
import { signal } from '@preact/signals';
import type { Failure, PlacedEvent } from '../../contract';
import { toPlacedEvent } from '../../events/placed-events';
import type { ServerFrame } from './frames';
import { apiKey } from './key';

/** Follows one run. `cursor` is read at each new connection. */
export interface Follower {
  cursor(): string;
  event(placed: PlacedEvent, last: boolean): void;
  /** The stream was replaced: discard all state; the known events follow after this cursor. */
  reset(cursor: string): void;
  failed(failure: Failure): void;
}

export type LineState = 'idle' | 'connecting' | 'open' | 'lost';
/** The state of the connection. */
export const line = signal<LineState>('idle');

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5000;
/** If a timer of one second fires this late, the machine has slept: the old connection is dead, even without an error. */
const ASLEEP_MS = 15_000;

const followers = new Map<string, Follower>();
let socket: WebSocket | undefined;
let delayMs = FIRST_DELAY_MS;
let waiting: ReturnType<typeof setTimeout> | undefined;

/** Follows a run to its end; a second call for the same run starts again from its cursor. */
export function follow(runId: string, follower: Follower): void {
  followers.set(runId, follower);
  if (socket?.readyState === WebSocket.OPEN) ask(runId, follower);
  else if (!socket) connect();
}

/** There is no frame for this in the protocol; frames that still arrive are ignored. */
export function unfollow(runId: string): void {
  followers.delete(runId);
}

function ask(runId: string, follower: Follower): void {
  socket?.send(JSON.stringify({ run_id: runId, after: follower.cursor() }));
}

function connect(): void {
  clearTimeout(waiting);
  waiting = undefined;
  if (line.value !== 'lost') line.value = 'connecting';
  const url = new URL('/ws/swarm', location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  // the page follows the runs that it shows, and needs no others
  url.searchParams.set('listen', '0');
  // browsers cannot set headers on a WebSocket
  if (apiKey.value) url.searchParams.set('api_key', apiKey.value);
  const opened = new WebSocket(url);
  socket = opened;
  opened.onopen = () => {
    delayMs = FIRST_DELAY_MS;
    line.value = 'open';
    followers.forEach((follower, runId) => ask(runId, follower));
  };
  opened.onmessage = ({ data }) => receive(JSON.parse(String(data)) as ServerFrame);
  opened.onclose = () => {
    if (socket === opened) reconnectLater();
  };
}

function receive(frame: ServerFrame): void {
  const follower = frame.run_id === undefined ? undefined : followers.get(frame.run_id);
  if (!follower || !frame.run_id || frame.event === 'cancel.accepted') return;
  if ('error' in frame) {
    followers.delete(frame.run_id);
    return follower.failed(frame.error);
  }
  if (frame.event === 'run.reset') return follower.reset(frame.cursor);
  if (frame.done) followers.delete(frame.run_id);
  follower.event(toPlacedEvent(frame), frame.done);
}

function reconnectLater(): void {
  socket = undefined;
  if (followers.size === 0) {
    line.value = 'idle';
    return;
  }
  line.value = 'lost';
  // with jitter, so that not all pages reconnect at once after an API restart
  waiting = setTimeout(connect, delayMs * (0.5 + Math.random()));
  delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
}

/** Closes the connection, whatever its reported state, and opens a new one. */
export function reconnect(): void {
  const old = socket;
  socket = undefined;
  old?.close();
  delayMs = FIRST_DELAY_MS;
  if (followers.size > 0) connect();
}

/** Detects network changes and sleep. */
export function watchTheLine(): void {
  addEventListener('online', reconnect);
  addEventListener('offline', () => {
    if (followers.size > 0) line.value = 'lost';
  });
  let last = Date.now();
  setInterval(() => {
    // browsers throttle the timers of hidden pages, so only a visible page can detect sleep
    if (document.hidden) return;
    if (Date.now() - last > ASLEEP_MS) reconnect();
    last = Date.now();
  }, 1000);
  apiKey.subscribe(() => {
    if (line.peek() === 'lost') reconnect();
  });
}
