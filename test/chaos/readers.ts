/** Readers that disconnect and reconnect, over WebSocket and SSE, to any API process, and fold the events that they receive. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { emptySnapshot, foldEvent } from '../../src/events/fold';
import type { RunSnapshot } from '../../src/contract';
import type { Chance } from '../support/chance';
import { readSse, toEvent, type AnyFrame } from '../support/readers';

const PAUSE_MS = 100;
/** On average one in this many frames makes the reader disconnect. */
const DROPS = 60;
/** Codes that allow a retry; any other error is a failure of the test. */
const PASSING = ['REDIS_UNAVAILABLE', 'TEMPORAL_UNAVAILABLE', 'INTERNAL'];

export class ChaosReader {
  /** What a reader sees. */
  run: RunSnapshot = emptySnapshot();
  connections = 0;
  resets = 0;
  isDone = false;
  private cursor = '0';

  constructor(
    private readonly runId: string,
    private readonly urls: string[],
    private readonly chance: Chance,
    readonly kind: 'ws' | 'sse',
  ) {}

  /** Reads to the run's end. Throws if a frame is missing, repeated, or contradicts earlier frames. */
  async read(): Promise<void> {
    while (!this.isDone) {
      this.connections++;
      const url = this.chance.pick(this.urls);
      await (this.kind === 'ws' ? this.overWebSocket(url) : this.overSse(url)).catch((error: unknown) => {
        if (error instanceof WrongFrame) throw error;
      });
      if (!this.isDone) await sleep(PAUSE_MS);
    }
  }

  private async overSse(url: string): Promise<void> {
    const leaving = new AbortController();
    try {
      const response = await fetch(`${url}/runs/${this.runId}/events?after=${this.cursor}`, { signal: leaving.signal });
      if (response.status === 204) throw new WrongFrame('204 before the last event was heard.');
      if (!response.ok) return this.refused(((await response.json()) as AnyFrame).error);
      for await (const frame of readSse(response)) if (this.take(frame)) return;
    } finally {
      leaving.abort();
    }
  }

  private async overWebSocket(url: string): Promise<void> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/swarm`);
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    let failed: unknown;
    socket.on('message', (data) => {
      try {
        if (!failed && this.take(JSON.parse(String(data)) as AnyFrame)) socket.terminate();
      } catch (error) {
        failed = error;
        socket.terminate();
      }
    });
    await Promise.race([once(socket, 'open'), closed]);
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ run_id: this.runId, after: this.cursor }));
    await closed;
    if (failed) throw failed;
  }

  /** Processes a frame; returns true if the reader disconnects. */
  private take(frame: AnyFrame): boolean {
    if (frame.error) return (this.refused(frame.error), true);
    if (frame.event === ('run.reset' as string)) {
      this.resets++;
      this.run = emptySnapshot();
    } else {
      this.expectNext(frame.cursor ?? '');
      try {
        foldEvent(this.run, toEvent(frame));
      } catch (error) {
        throw new WrongFrame(`${this.kind}: ${String(error)} at ${frame.cursor}`);
      }
    }
    this.cursor = frame.cursor ?? '';
    this.isDone = frame.done === true;
    return this.isDone || this.chance.below(DROPS) === 0;
  }

  private expectNext(cursor: string): void {
    const [[before, last], [generation, seq]] = [this.cursor.split('-'), cursor.split('-')];
    const expected = before === generation ? Number(last) + 1 : 1;
    const isFollowing = Number(seq) === expected && (this.cursor === '0' || before === generation);
    if (!isFollowing) throw new WrongFrame(`${this.kind}: ${cursor} follows ${this.cursor}`);
  }

  private refused(error: AnyFrame['error']): void {
    if (!error || PASSING.includes(error.code)) return;
    throw new WrongFrame(`${this.kind}: ${error.code} ${error.message} after ${this.cursor}`);
  }
}

class WrongFrame extends Error {
  override name = 'WrongFrame';
}
