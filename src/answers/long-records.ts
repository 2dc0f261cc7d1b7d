/**
 * Records of runs whose texts exceed a payload. The workflow's result and a fork's copy of its source omit the texts; readers take them
 * from the run's history, which contains each text once. Pure; part of the workflow bundle.
 */
import { PAYLOAD_LIMIT, payloadSize } from '../contract/payloads';
import type { Plan } from '../contract/structures';
import { readPlan } from './plan';
import type { SwarmResult } from '../contract/runs';
import type { TurnResult } from '../contract/turns';

type Texts = Pick<SwarmResult, 'turns' | 'structures'>;

/** Returns the turns, without their texts if those exceed a payload. */
export function omitTexts(turns: readonly TurnResult[]): TurnResult[] {
  return exceedsPayload({ turns }) ? turns.map(withoutText) : [...turns];
}

/** Returns the record, without its texts if it exceeds a payload. A plan is also omitted, because it is part of a turn's text. */
export function shortenRecord<Record extends Texts>(record: Record): Record {
  if (!exceedsPayload(record)) return record;
  const { turns, structures } = record;
  const short = { ...record, turns: turns.map(withoutText) };
  const source = structures?.plan && turns.findLast(({ text }) => isSame(readPlan(text), structures.plan!));
  if (!source) return short;
  const { plan: _plan, ...others } = structures;
  return { ...short, structures: { ...others, plan_from: source.turn } };
}

/** Sums the lengths first, to avoid serialising megabytes: workflow code must run in milliseconds. */
function exceedsPayload(record: { turns: readonly TurnResult[] }): boolean {
  const length = record.turns.reduce((sum, { text }) => sum + text.length, 0);
  return length > PAYLOAD_LIMIT || payloadSize(record) > PAYLOAD_LIMIT;
}

const withoutText = (turn: TurnResult): TurnResult => ({ ...turn, text: '', text_in_history: true });

/** Whether texts were omitted. */
export function isShortened({ turns }: Pick<Texts, 'turns'>): boolean {
  return turns.some(({ text_in_history: isElsewhere }) => isElsewhere);
}

/** Returns the record with the omitted texts filled in. Throws if the history lacks one. */
export function fillTexts<Record extends Texts>(record: Record, history: readonly TurnResult[]): Record {
  const texts = new Map(history.map(({ turn, text }) => [turn, text]));
  const turns = record.turns.map(({ text_in_history: isElsewhere, ...turn }) => {
    if (!isElsewhere) return turn;
    const text = texts.get(turn.turn);
    if (text === undefined) throw new Error(`The history lacks the text of the turn "${turn.turn}".`);
    return { ...turn, text };
  });
  const { plan_from: from, ...structures } = record.structures ?? {};
  if (from === undefined) return { ...record, turns };
  return { ...record, turns, structures: { ...structures, plan: readPlan(texts.get(from) ?? '') } };
}

function isSame(one: Plan, other: Plan): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
