/**
 * Keeps eight innocent runs going, over WebSocket and SSE: measures their token delays, and checks that each is exact and paid for once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createEventReader } from '../../src/redis/events';
import type { RedisConnection } from '../../src/redis/connect';
import type { TurnResult } from '../../src/contract';
import { fold, listEvents } from '../redis/fixtures';
import { foldFrames, get, readSse, listTexts, Watcher, type AnyFrame, type JsonReply } from '../support/readers';
import type { Cluster } from './cluster';
import { FAIR_TASK } from './fair-answers';
import type { RecordedCall } from './gateway-process';
import { judgeRun, type RunReply } from './judge';
import { writeMarker } from './marker';

const KINDS = ['strategic', 'coding', 'debate', 'coordinate'] as const;
type Kind = (typeof KINDS)[number];
const SWARMS: Record<Kind, string> = {
  strategic: 'strategic-swarm',
  coding: 'coding-swarm',
  debate: 'debate-swarm',
  coordinate: 'coordinate',
};
const LIMIT_MS = 150_000;
const PAUSE_AFTER_FAILURE_MS = 1000;

/** The time of one token from the gateway's write to the client. */
interface Delay {
  /** When the gateway wrote it, in epoch milliseconds. */
  at: number;
  ms: number;
}

export interface InnocentReport {
  marker: string;
  runId: string;
  /** The problems of the run; empty if there are none. */
  problems: string[];
  /** Texts that differ from the gateway's in the reader's stream, in the result or in Redis. */
  inexact: number;
  /** Calls that were made more than once, or that belong to no turn. */
  paidTwice: number;
  calls: number;
  delays: Delay[];
  /** The longest time within a turn without a token, in milliseconds. */
  longestSilence: number;
}

export class Innocents {
  readonly reports: InnocentReport[] = [];
  private isOver = false;
  private next = 0;
  private readonly slots: Promise<void>[];

  constructor(
    private readonly cluster: Cluster,
    private readonly redis: RedisConnection,
    places = KINDS.flatMap((kind) => [`${kind} ws`, `${kind} sse`]),
  ) {
    this.slots = places.map((place) => this.keepOneRunning(...(place.split(' ') as [Kind, 'ws' | 'sse'])));
  }

  /** Starts no further runs, and waits for the running ones. */
  async finish(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.slots);
  }

  private async keepOneRunning(kind: Kind, over: 'ws' | 'sse'): Promise<void> {
    do {
      const report = await this.playOne(kind, over);
      this.reports.push(report);
      if (report.problems.length > 0) await sleep(PAUSE_AFTER_FAILURE_MS);
    } while (!this.isOver);
  }

  private async playOne(kind: Kind, over: 'ws' | 'sse'): Promise<InnocentReport> {
    const marker = writeMarker({ side: 'innocent', kind, number: ++this.next });
    const order = { swarm_id: SWARMS[kind], message: `${marker}\n${FAIR_TASK}` };
    const problems: string[] = [];
    const frames: AnyFrame[] = [];
    const read = over === 'ws' ? this.readSocket(order, frames) : this.readStream(order, frames);
    const late = sleep(LIMIT_MS, undefined, { ref: false }).then(() => Promise.reject(new Error('it took too long')));
    await Promise.race([read, late]).catch((error: unknown) => problems.push(`${over}: ${String(error)}`));
    const calls = await this.cluster.takeCalls(marker);
    const runId = frames.find(({ run_id }) => typeof run_id === 'string')?.run_id ?? '';
    const judged = await this.judge(kind, runId, frames, calls).catch((error: unknown) => {
      problems.push(`it could not be judged: ${String(error)}`);
      return { problems: [], inexact: 0, paidTwice: 0 };
    });
    return {
      ...{ marker, runId, calls: calls.length },
      ...measureDelays(frames, calls),
      ...judged,
      problems: [...problems, ...judged.problems],
    };
  }

  private get key(): Record<string, string> {
    return { authorization: `Bearer ${this.cluster.keys.innocent}` };
  }

  private async readSocket(order: object, frames: AnyFrame[]): Promise<void> {
    const watcher = await Watcher.connect(this.cluster.url, `/ws/swarm?api_key=${this.cluster.keys.innocent}`);
    const closed = new Promise<never>((_, reject) => {
      watcher.socket.once('close', (code: number) => reject(new Error(`the socket was closed with ${code}`)));
    });
    closed.catch(() => undefined);
    watcher.send(order);
    try {
      await Promise.race([watcher.done(undefined, LIMIT_MS), closed]);
    } finally {
      watcher.close();
      frames.push(...watcher.frames);
    }
  }

  private async readStream(order: { swarm_id: string; message: string }, frames: AnyFrame[]): Promise<void> {
    const { swarm_id, message } = order;
    const isCoordinate = swarm_id === SWARMS.coordinate;
    const response = await fetch(`${this.cluster.url}/swarm/${isCoordinate ? 'coordinate' : 'execute'}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...this.key },
      body: JSON.stringify({ ...(isCoordinate ? { message } : { swarm_id, message }), stream: true }),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    for await (const { id: _id, ...frame } of readSse(response)) frames.push(frame as AnyFrame);
    if (!frames.some(({ done }) => done)) throw new Error('the stream ended before the run');
  }

  /** If the server closes a kept-alive connection just as it is reused, that is not an error of the run. */
  private async readRun(runId: string, tries = 3): Promise<JsonReply> {
    return get(`${this.cluster.url}/runs/${runId}`, this.key).catch((error: unknown) => {
      if (tries === 1) throw error;
      return sleep(1000).then(() => this.readRun(runId, tries - 1));
    });
  }

  /** Checks that the reader's texts, the result, Redis and the gateway's texts are equal, and that each call was made once. */
  private async judge(kind: Kind, runId: string, frames: AnyFrame[], calls: RecordedCall[]) {
    const problems: string[] = [];
    const { body } = await this.readRun(runId);
    const turns = (body.turns ?? []) as TurnResult[];
    if (body.status !== 'completed')
      problems.push(`it ended as ${body.status}: ${JSON.stringify(body.failure ?? body.error)}`);
    const read = listTexts(foldFrames(frames));
    const kept = listTexts(fold(await listEvents(createEventReader(this.redis), runId)));
    let inexact = 0;
    const published = new Set(calls.map(({ textSent }) => textSent));
    for (const { turn, text } of turns) {
      const wrong = [
        ...(published.has(text) ? [] : ['the gateway']),
        ...(read[turn] === text ? [] : ['the reader']),
        ...(kept[turn] === text ? [] : ['Redis']),
      ];
      if (wrong.length > 0) problems.push(`${turn} is not what ${wrong.join(' and ')} has`);
      inexact += wrong.length > 0 ? 1 : 0;
    }
    if (turns.length === 0 || Object.keys(read).length !== turns.length)
      problems.push('the reader has other turns than the result');
    const paidTwice = countExtraCalls(turns, calls);
    if (paidTwice > 0) problems.push(`${calls.length} calls for ${turns.length} turns`);
    problems.push(...judgeOutcome(kind, body as RunReply));
    return { problems, inexact, paidTwice };
  }
}

/** Counts calls beyond one per turn, incomplete ones, and those whose prompt was repeated. */
function countExtraCalls(turns: TurnResult[], calls: RecordedCall[]): number {
  const unfinished = calls.filter(({ endedBy, status }) => endedBy !== 'completed' || status !== 200).length;
  const repeated = calls.length - new Set(calls.map(({ body }) => JSON.stringify(body))).size;
  return Math.max(Math.abs(calls.length - turns.length), unfinished, repeated);
}

/** A correct program must be reported as correct, and a passing review as passed: a product that rejects everything would be useless. */
function judgeOutcome(kind: Kind, run: RunReply): string[] {
  const wanted = [
    ...(kind === 'coding' || kind === 'coordinate' ? [{ verdict: 'right' } as const] : []),
    ...(kind === 'coordinate' ? [{ review: 'pass' } as const] : []),
  ];
  return wanted
    .map((expectation) => judgeRun(expectation, run))
    .flatMap(({ outcome, detail }) => (outcome === 'true' ? [] : [`its verdict is ${outcome}: ${detail}`]));
}

/** For each write of the gateway, the time until a frame delivered the text up to that point. */
function measureDelays(frames: readonly AnyFrame[], calls: readonly RecordedCall[]) {
  const arrivals = new Map<string, { text: string; at: [length: number, receivedAt: number][] }>();
  let longestSilence = 0;
  for (const { event, turn, content = '', receivedAt } of frames) {
    if (event !== 'turn.delta') continue;
    const known = arrivals.get(String(turn)) ?? { text: '', at: [] };
    arrivals.set(String(turn), known);
    longestSilence = Math.max(longestSilence, receivedAt - (known.at.at(-1)?.[1] ?? receivedAt));
    known.text += content;
    known.at.push([known.text.length, receivedAt]);
  }
  const delays: Delay[] = [];
  for (const { textSent, writes } of calls) {
    const turn = [...arrivals.values()].find(
      ({ text }) => text !== '' && (textSent.startsWith(text) || text.startsWith(textSent)),
    );
    let place = 0;
    for (const [length, at] of turn ? writes : []) {
      while (place < turn!.at.length && turn!.at[place]![0] < length) place++;
      const arrived = turn!.at[place];
      if (arrived) delays.push({ at, ms: Math.max(0, arrived[1] - at) });
    }
  }
  return { delays, longestSilence: Math.round(longestSilence) };
}
