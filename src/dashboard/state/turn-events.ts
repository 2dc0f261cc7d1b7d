/** The raw events of a turn, and its attempts as they tell them. */
import type { EventPage } from '../../contract/frame-replies';
import { call } from './api';

/** A frame of the turn, with all fields of its event. */
export type TurnFrame = { event: string; at: number } & Record<string, unknown>;

/** Reads the events that a turn has so far. */
export async function fetchTurnEvents(runId: string, turn: string): Promise<TurnFrame[]> {
  const found: TurnFrame[] = [];
  let cursor = '0';
  for (;;) {
    const page = await call<EventPage>(`/runs/${encodeURIComponent(runId)}/events?wait=0&after=${cursor}`);
    found.push(...(page.frames as TurnFrame[]).filter((frame) => frame.turn === turn));
    if (page.done || page.frames.length === 0 || page.cursor === cursor) return found;
    cursor = page.cursor;
  }
}

export interface TurnAttempt {
  number: number;
  model: string;
  /** Unix epoch, milliseconds. */
  from: number;
  to: number;
  /** Characters of text that arrived in it. */
  characters: number;
  /** What happened in it, in order. */
  steps: { at: number; text: string }[];
}

/** Describes a step; undefined for a piece of text. */
const STEPS: Partial<Record<string, (frame: TurnFrame) => string>> = {
  'turn.started': ({ model }) => `Called ${String(model)}`,
  'turn.waiting': ({ message, until, at }) =>
    `${String(message)} Waited ${Math.max(0, Math.ceil((Number(until) - at) / 1000))} s`,
  'turn.rerouted': ({ from, to, message }) => `${String(message)} ${String(from)} fell back to ${String(to)}`,
  'turn.resumed': ({ offset }) => `Continued after ${String(offset)} characters`,
  'turn.restarted': ({ dropped, why }) =>
    why === 'thinking' ? 'The text so far was reasoning' : `Restarted; ${String(dropped)} characters discarded`,
  'turn.completed': ({ finish_reason }) => `Completed (${String(finish_reason)})`,
  'turn.failed': ({ code, message }) => `${String(code)}: ${String(message)}`,
};

/** Groups the events of a turn by attempt. Pure. */
export function listAttempts(frames: readonly TurnFrame[]): TurnAttempt[] {
  return [...Map.groupBy(frames, ({ epoch }) => Number(epoch))].map(([number, own]) => ({
    number,
    model: own.map(({ model }) => String(model ?? '')).findLast((model) => model !== '') ?? '',
    from: own[0]?.at ?? 0,
    to: own.at(-1)?.at ?? 0,
    characters: own.reduce(
      (sum, { event, content }) => (event === 'turn.delta' ? sum + String(content).length : sum),
      0,
    ),
    steps: own.flatMap((frame) => {
      const text = STEPS[frame.event]?.(frame);
      return text === undefined ? [] : [{ at: frame.at, text }];
    }),
  }));
}
