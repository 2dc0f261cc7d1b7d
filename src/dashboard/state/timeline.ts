/** The timeline of a run: what each turn did and when, the execution of its code, and the questions to people. Pure. */
import type { CheckSnapshot, GateSnapshot, RunSnapshot } from '../../contract';
import { chooseHue } from './lanes';
import { readTurnState } from './turn-state';
import type { TurnView } from './turn-view';

export type SpanKind = 'queued' | 'call' | 'text' | 'wait' | 'check' | 'gate';

/** Times are Unix epoch, milliseconds. */
export interface Span {
  kind: SpanKind;
  from: number;
  to: number;
  /** The number of the attempt; a wait or a restart ends one. */
  attempt?: number;
  /** What a wait waits for, or how a check or a gate ended. */
  detail?: string;
}

export interface TimelineRow {
  /** The id of the turn, or the name of the gate. */
  id: string;
  label: string;
  hue: number;
  spans: Span[];
  /** How it ended, if that is not the normal end. */
  ending: '' | 'failed' | 'interrupted' | 'cancelled' | 'stopped' | 'reused';
}

export interface Timeline {
  from: number;
  to: number;
  rows: TimelineRow[];
}

/** Undefined for a run without turns. `now` ends what is still open. */
export function drawTimeline(snapshot: RunSnapshot, turns: readonly TurnView[], now: number): Timeline | undefined {
  const end = snapshot.ended_at ?? now;
  const rows = [
    ...turns.map((turn) => drawTurn(turn, turns, snapshot.checks, end)),
    ...snapshot.gates.map((gate) => drawGate(gate, end)),
  ].sort((a, b) => findStart(a) - findStart(b));
  const spans = rows.flatMap((row) => row.spans);
  if (spans.length === 0) return undefined;
  const from = Math.min(snapshot.started_at ?? Infinity, ...spans.map((span) => span.from));
  return { from, to: Math.max(from + 1, ...spans.map((span) => span.to)), rows };
}

const findStart = ({ spans }: TimelineRow): number => spans[0]?.from ?? Infinity;

function drawTurn(turn: TurnView, turns: readonly TurnView[], checks: CheckSnapshot[], end: number): TimelineRow {
  const { turn: id, label, reused_from } = turn.snapshot;
  const state = readTurnState(turn.snapshot);
  const isNormal = state === 'completed' || state === 'running' || state === 'waiting';
  const check = checks.find(({ about }) => about === id);
  return {
    id,
    label,
    hue: chooseHue(turn, turns),
    spans: [...drawQueue(turn), ...drawAttempts(turn, findEnd(turn, end)), ...(check ? [drawCheck(check, end)] : [])],
    ending: reused_from ? 'reused' : isNormal ? '' : state,
  };
}

function findEnd({ completed, notes }: TurnView, end: number): number {
  return completed?.at ?? notes.find(({ type }) => type === 'turn.failed')?.at ?? end;
}

/** From when the turn was scheduled to its first event. */
function drawQueue({ completed, startedAt, snapshot }: TurnView): Span[] {
  if (!completed || snapshot.reused_from) return [];
  const scheduled = completed.at - completed.duration_ms;
  return scheduled < startedAt ? [{ kind: 'queued', from: scheduled, to: startedAt }] : [];
}

/** The calls of a turn with its waits: a wait, a restart and a resumption begin a new call. */
function drawAttempts(turn: TurnView, end: number): Span[] {
  const spans: Span[] = [];
  let from = turn.startedAt;
  for (const [index, note] of turn.notes.entries()) {
    if (note.type === 'turn.failed' || note.at < from) continue;
    spans.push(...drawCall(turn, from, note.at, note.epoch));
    from = note.at;
    if (note.type !== 'turn.waiting') continue;
    const to = Math.min(note.until, turn.notes[index + 1]?.at ?? end, end);
    spans.push({ kind: 'wait', from, to, detail: note.reason });
    from = to;
  }
  return [...spans, ...drawCall(turn, from, end, turn.snapshot.attempts)];
}

/** A call, divided at its first text. */
function drawCall(turn: TurnView, from: number, to: number, attempt: number): Span[] {
  if (to <= from) return [];
  const first = findFirstText(turn, from, to);
  if (first === undefined) return [{ kind: 'call', from, to, attempt }];
  const call: Span[] = first > from ? [{ kind: 'call', from, to: first, attempt }] : [];
  return [...call, { kind: 'text', from: first, to, attempt }];
}

/** When the first text of a call arrived. The stream of an ended run keeps the time of the last call only. */
function findFirstText({ firstTextAt, completed, pace }: TurnView, from: number, to: number): number | undefined {
  const isLast = completed && to === completed.at;
  if (isLast && completed.first_token_ms !== null) return Math.min(to, from + completed.first_token_ms);
  if (firstTextAt !== undefined && firstTextAt >= from && firstTextAt < to) return firstTextAt;
  return [...pace.keys()].find((at) => at >= from && at < to);
}

function drawCheck({ started_at, ended_at, status, passed = 0, failed = 0 }: CheckSnapshot, end: number): Span {
  const detail = status === 'running' ? 'running' : `${passed} of ${passed + failed} passed`;
  return { kind: 'check', from: started_at, to: ended_at ?? end, detail };
}

function drawGate({ gate, question, opened_at, resolved_at, status }: GateSnapshot, end: number): TimelineRow {
  const span: Span = { kind: 'gate', from: opened_at, to: resolved_at ?? end, detail: status };
  return { id: gate, label: question, hue: 0, spans: [span], ending: '' };
}
