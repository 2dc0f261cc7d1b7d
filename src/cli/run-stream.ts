/**
 * Streams the frames of one run across connections: when one breaks, the next continues after the last frame, so the API may crash and
 * restart in between.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { writeKeyHeaders, type Environment } from '../dev-stack/environment';
import type { ChecksSummary } from '../contract/checks';
import type { Task } from './command-line';

const RECONNECT_EVERY_MS = 500;
/** Counts from the loss of the connection, because a run itself may be silent for longer. */
const RECONNECT_FOR_MS = 120_000;
const CANCEL_WAIT_MS = 5000;
/** The data of the event that ends a stream. */
const END = '[DONE]';

/** The fields of a frame that are used here; the schema of all is in src/contract/frame-replies.ts. */
export interface StreamFrame {
  content: string;
  done: boolean;
  event?: string;
  cursor?: string;
  run_id?: string;
  turn?: string;
  role?: string;
  label?: string;
  model?: string;
  code?: string;
  message?: string;
  from?: string;
  why?: string;
  to?: string;
  until?: number;
  usage?: { prompt_tokens: number; completion_tokens: number };
  cost_usd?: number | null;
  /** Of an execution: the turn whose code it is, and its result. */
  about?: string;
  language?: string;
  executed?: boolean;
  reason?: string;
  killed?: string;
  passed?: number;
  failed?: number;
  errors?: string[];
  place?: { yields?: string };
  checks_summary?: ChecksSummary;
}

/** A reply that rejects the request. */
export class RefusedRequest extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export class RunStream {
  private runId: string | undefined;
  private cursor = '0';
  /** When the connection was lost; undefined while connected. */
  private lostAt: number | undefined;
  private readonly hangUp = new AbortController();
  private readonly apiUrl: string;
  private readonly headers: Record<string, string>;
  private readonly body: string;

  constructor({ message, swarm, session }: Task, { apiUrl, env }: Pick<Environment, 'apiUrl' | 'env'>) {
    this.apiUrl = apiUrl;
    this.headers = {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      // With the same key, a second POST joins the run that the first may have started before its connection broke.
      'idempotency-key': randomUUID(),
      ...writeKeyHeaders(env),
    };
    this.body = JSON.stringify({ swarm_id: swarm, message, stream: true, ...(session && { session_id: session }) });
  }

  /** Yields every frame exactly once, up to the run's last. */
  async *follow(): AsyncGenerator<StreamFrame> {
    for (;;) {
      try {
        for await (const frame of this.connect()) {
          yield frame;
          if (frame.done) return;
        }
      } catch (error) {
        this.lostAt ??= Date.now();
        if (this.hangUp.signal.aborted || Date.now() - this.lostAt > RECONNECT_FOR_MS) throw error;
        if (error instanceof RefusedRequest && error.status < 500) throw error;
      }
      await sleep(RECONNECT_EVERY_MS);
    }
  }

  /** Cancels the run and allows some time for its last events; returns at once if the run has no id yet. */
  async cancel(): Promise<void> {
    if (this.runId) {
      const { headers } = this;
      const signal = AbortSignal.timeout(CANCEL_WAIT_MS);
      await fetch(`${this.runUrl}/cancel`, { method: 'POST', headers, body: '{}', signal }).catch(() => undefined);
      await sleep(CANCEL_WAIT_MS, undefined, { ref: false });
    }
    this.hangUp.abort();
  }

  /** The address of the run in the dashboard. */
  get link(): string {
    return `${this.apiUrl}/dashboard/runs/${encodeURIComponent(this.runId ?? '')}`;
  }

  /** What the API knows of the ended run; undefined if it does not answer. */
  async readResult<T>(): Promise<T | undefined> {
    const { headers } = this;
    const reply = await fetch(this.runUrl, { headers, signal: AbortSignal.timeout(CANCEL_WAIT_MS) }).catch(
      () => undefined,
    );
    return reply?.ok ? ((await reply.json().catch(() => undefined)) as T | undefined) : undefined;
  }

  private async *connect(): AsyncGenerator<StreamFrame> {
    const { headers, body } = this;
    const { signal } = this.hangUp;
    const reply = this.runId
      ? await fetch(`${this.runUrl}/events?after=${this.cursor}`, { headers, signal })
      : await fetch(`${this.apiUrl}/swarm/execute`, { method: 'POST', headers, body, signal });
    if (!reply.ok || !reply.body) throw new RefusedRequest(reply.status, await readRefusal(reply));
    this.lostAt = undefined;
    for await (const frame of readFrames(reply.body)) {
      this.runId ??= frame.run_id;
      this.cursor = frame.cursor ?? this.cursor;
      yield frame;
    }
  }

  private get runUrl(): string {
    return `${this.apiUrl}/runs/${encodeURIComponent(this.runId ?? '')}`;
  }
}

async function* readFrames(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamFrame> {
  const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { data } of events) {
    if (data === END) return;
    yield JSON.parse(data) as StreamFrame;
  }
}

async function readRefusal(reply: Response): Promise<string> {
  const text = await reply.text().catch(() => '');
  try {
    const { error, detail } = JSON.parse(text) as { error?: { code?: string; message?: string }; detail?: string };
    return `${error?.code ?? `HTTP ${reply.status}`}: ${error?.message ?? detail}`;
  } catch {
    return `HTTP ${reply.status}: ${text.slice(0, 200)}`;
  }
}
