/** Typical clients: one that posts JSON, one that reads Server-Sent Events, one on a WebSocket. */
import { once } from 'node:events';
import WebSocket from 'ws';
import { emptySnapshot, foldEvent } from '../../src/events/fold';
import type { RunEvent, RunSnapshot } from '../../src/contract';
import type { Frame } from '../../src/events/frames';

/** A frame as parsed from JSON, errors included. */
export type AnyFrame = Partial<Frame> & { error?: { code: string; message: string }; receivedAt: number } & Record<
    string,
    unknown
  >;

export interface JsonReply {
  status: number;
  headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into replies as clients do
  body: any;
}

export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<JsonReply> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

export async function get(url: string, headers: Record<string, string> = {}): Promise<JsonReply> {
  const response = await fetch(url, { headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

/** Reads an SSE response frame by frame; ends after `[DONE]` or when the server ends. */
export async function* readSse(response: Response): AsyncGenerator<AnyFrame & { id?: string }> {
  const decoder = new TextDecoder();
  let buffer = '';
  for await (const chunk of response.body!) {
    buffer += decoder.decode(chunk as Uint8Array, { stream: true });
    for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
      const block = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data === '[DONE]') return;
      const id = /^id: (.*)$/m.exec(block)?.[1];
      if (data) yield { ...(JSON.parse(data) as object), receivedAt: Date.now(), ...(id ? { id } : {}) } as AnyFrame;
    }
  }
}

/** Returns all frames of an SSE request. */
export async function collectSse(url: string, init?: RequestInit): Promise<AnyFrame[]> {
  const frames: AnyFrame[] = [];
  for await (const frame of readSse(await fetch(url, init))) frames.push(frame);
  return frames;
}

/** A WebSocket client that keeps all frames. */
export class Watcher {
  readonly frames: AnyFrame[] = [];
  private waiting: (() => void)[] = [];

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.frames.push({ ...(JSON.parse(String(data)) as object), receivedAt: Date.now() });
      this.waiting.splice(0).forEach((wake) => wake());
    });
    socket.on('error', () => undefined);
  }

  static async connect(url: string, path = '/ws/swarm'): Promise<Watcher> {
    const watcher = new Watcher(new WebSocket(url.replace('http', 'ws') + path));
    await once(watcher.socket, 'open');
    return watcher;
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** Returns the first frame, already received or future, that matches. */
  async frame(matches: (frame: AnyFrame) => boolean, limitMs = 60_000): Promise<AnyFrame> {
    const end = Date.now() + limitMs;
    for (;;) {
      const found = this.frames.find(matches);
      if (found) return found;
      const left = end - Date.now();
      if (left <= 0)
        throw new Error(`No such frame within ${limitMs} ms; the last were ${JSON.stringify(this.frames.slice(-3))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.waiting.push(() => (clearTimeout(timer), resolve()));
      });
    }
  }

  /** Returns the run's last frame. */
  done(runId?: string, limitMs?: number): Promise<AnyFrame> {
    return this.frame((frame) => frame.done === true && (runId === undefined || frame.run_id === runId), limitMs);
  }

  close(): void {
    this.socket.terminate();
  }
}

/** Folds a run's frames like a strict client: throws if one is missing or duplicated, or text does not fit its offset. */
export function foldFrames(frames: AnyFrame[]): RunSnapshot {
  const run = emptySnapshot();
  frames.forEach((frame, i) => {
    const place = Number(frame.cursor?.split('-')[1]);
    if (place !== i + 1) throw new Error(`Frame ${i + 1} carries the cursor ${frame.cursor}.`);
    foldEvent(run, toEvent(frame));
  });
  return run;
}

export function toEvent({
  content,
  done: _done,
  cursor: _cursor,
  event,
  receivedAt: _at,
  ...rest
}: AnyFrame): RunEvent {
  return { v: 1, type: event, ...(event === 'turn.delta' ? { text: content } : {}), ...rest } as unknown as RunEvent;
}

/** Returns the text of each turn by turn id. */
export function listTexts(run: RunSnapshot): Record<string, string> {
  return Object.fromEntries(run.turns.map(({ turn, text }) => [turn, text]));
}
