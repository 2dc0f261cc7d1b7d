/**
 * Parses the WebSocket frames of clients: a request about a run, or a control message, which many libraries and earlier clients send as
 * `{"type": "ping"}`.
 */
import type { RawData } from 'ws';
import { START_NAMES, withEarlierNames } from '../contract/earlier-names';
import { writePongFrame } from '../events/frames';
import { clientFrame, startFrame, type ClientFrame } from '../contract/requests';
import { ApiError, parse, type About } from './errors';
import { parseJson } from './json';

export type { ClientFrame };

/** `text` marks a ping that is plain text instead of JSON; its reply is plain text too. */
export type ControlFrame =
  | { control: 'ping'; text: boolean; id?: unknown; timestamp?: unknown }
  | { control: 'listen' }
  | { control: 'unlisten'; run_id?: unknown }
  | { control: 'ignore' };

/**
 * The purpose of a frame. `run`: the client waits for a run, and an error ends that wait. `control`: an error ends nothing. `other`: the
 * purpose is unknown.
 */
export type Purpose = 'run' | 'control' | 'other';

export interface ReadFrame {
  purpose: Purpose;
  /** Throws {@link ApiError} for an invalid frame. */
  read(): ClientFrame | ControlFrame;
}

type Fields = Record<string, unknown>;

/** The fields in which clients put the type of a frame. */
const WORD_FIELDS = ['type', 'event', 'action', 'op', 'command', 'cmd', 'method', 'kind'];
const RUN_FIELDS = ['run_id', ...START_NAMES];

const PINGS = ['ping', 'heartbeat', 'keepalive', 'keep-alive', 'keep_alive', 'noop'];
const IGNORED = ['pong', 'ack'];
const LISTEN = ['subscribe', 'listen', 'watch', 'follow', 'resume'];
const UNLISTEN = ['unsubscribe', 'unlisten', 'unwatch', 'unfollow'];
const CANCEL = ['cancel', 'stop', 'abort', 'interrupt'];

/** Throws {@link ApiError} for invalid JSON. */
export function readFrame(data: RawData): ReadFrame {
  const text = String(data);
  const bare = text.length <= LONGEST_BARE_WORD ? text.trim().toLowerCase() : '';
  if (bare === 'ping') return control({ control: 'ping', text: true });
  if (bare === 'pong') return control({ control: 'ignore' });
  const json = parseJson(text, 'frame');
  return isFields(json) ? readFields(json) : asRun(json);
}

const LONGEST_BARE_WORD = 10;

function readFields(fields: Fields): ReadFrame {
  const word = findText(fields);
  if (word === undefined) return asRun(fields);
  const about = aboutRun(fields, word);
  if (about) return about;
  if (PINGS.includes(word)) return control({ control: 'ping', text: false, ...echoed(fields) });
  if (IGNORED.includes(word)) return control({ control: 'ignore' });
  if (UNLISTEN.includes(word)) return control({ control: 'unlisten', run_id: fields.run_id });
  if (LISTEN.includes(word) && !('run_id' in fields)) return control({ control: 'listen' });
  if ('cancel' in fields || RUN_FIELDS.some((field) => field in fields)) return asRun(fields);
  return { purpose: 'control', read: () => refuseWord(word) };
}

/** A control message together with the run that it refers to. */
function aboutRun(fields: Fields, word: string): ReadFrame | undefined {
  if (!CANCEL.includes(word) || !('run_id' in fields) || 'cancel' in fields) return undefined;
  return asRun({ cancel: fields.run_id });
}

function asRun(json: unknown): ReadFrame {
  const purpose = isFields(json) && isAboutRun(json) ? 'run' : 'other';
  return { purpose, read: () => parse(starts(json) ? startBody : clientFrame, json) };
}

const startBody = withEarlierNames(startFrame);

/** Whether the frame starts a run, under any of the accepted field names. */
function starts(json: unknown): boolean {
  return isFields(json) && !json.cancel && !json.run_id && START_NAMES.some((field) => field in json);
}

function isFields(json: unknown): json is Fields {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function isAboutRun(fields: Fields): boolean {
  return !fields.cancel && RUN_FIELDS.some((field) => field in fields);
}

function control(frame: ControlFrame): ReadFrame {
  return { purpose: 'control', read: () => frame };
}

function findText(fields: Fields): string | undefined {
  const named = WORD_FIELDS.map((field) => fields[field]).find((value) => typeof value === 'string');
  if (typeof named === 'string')
    return named.length <= LONGEST_WORD ? named.toLowerCase() : named.slice(0, LONGEST_WORD);
  return ['ping', 'pong'].find((word) => word in fields);
}

const LONGEST_WORD = 40;

/** The fields by which a client matches a pong to its ping. */
function echoed({ id, timestamp }: Fields): Fields {
  const isShort = (value: unknown) => typeof value === 'number' || (typeof value === 'string' && value.length <= 200);
  return { ...(isShort(id) ? { id } : {}), ...(isShort(timestamp) ? { timestamp } : {}) };
}

function refuseWord(word: string): never {
  const frames = '{swarm_id, message}, {run_id, after?}, {cancel}, {"type": "ping"}, {"type": "subscribe"}';
  throw new ApiError('INVALID_FIELD', `type: "${word}" is not known here; a frame is one of ${frames}.`);
}

const LONGEST_PING = 1000;

/** The reply to a ping, in the format of the ping. */
export function writePong(ping: Extract<ControlFrame, { control: 'ping' }>): string {
  return ping.text ? 'pong' : JSON.stringify(writePongFrame(ping));
}

/** The reply to a ping, for sockets that accept nothing else; undefined for any other frame. */
export function answerPing(data: RawData): string | undefined {
  const text = String(data);
  if (text.length > LONGEST_PING) return undefined;
  try {
    const frame = readFrame(data).read();
    if (!('control' in frame) || frame.control !== 'ping') return undefined;
    return writePong(frame);
  } catch {
    return undefined;
  }
}

/** The run, session or team that a frame refers to. */
export function toScope(frame: ClientFrame): About {
  if ('swarm_id' in frame) return { team_id: frame.swarm_id, session_id: frame.session_id };
  return { run_id: 'cancel' in frame ? frame.cancel : frame.run_id };
}
