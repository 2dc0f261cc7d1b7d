// @ts-check
// One run as a stream of frames that outlives its connections: when one breaks, the next goes on after the last frame,
// so the API may die and come back under it.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { splitList } from './environment.mjs';
import { readFrames } from './sse.mjs';

const RECONNECT_EVERY_MS = 500;
/** After the loss of the connection: a run may be quiet for longer. */
const RECONNECT_FOR_MS = 120_000;
const CANCEL_WAIT_MS = 5000;

/** @typedef {import('./sse.mjs').Frame} Frame */

/** A reply that says no. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export class RunStream {
  /** @type {string | undefined} */
  #runId;
  #cursor = '0';
  /** When the connection was lost that has not come back; undefined while there is one. @type {number | undefined} */
  #lostAt;
  #hangUp = new AbortController();

  /**
   * @param {import('./command-line.mjs').Task} task
   * @param {import('./environment.mjs').Environment} place
   */
  constructor({ message, swarm, session }, { apiUrl, env }) {
    const key = splitList(env.API_KEYS)[0]?.split(':').slice(1).join(':');
    this.apiUrl = apiUrl;
    this.headers = {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      // With the same key a second POST joins the run that the first may have started before its connection broke.
      'idempotency-key': randomUUID(),
      ...(key && { authorization: `Bearer ${key}` }),
    };
    this.body = JSON.stringify({ swarm_id: swarm, message, stream: true, ...(session && { session_id: session }) });
  }

  /**
   * Every frame once, up to the run's last.
   * @returns {AsyncGenerator<Frame>}
   */
  async *follow() {
    for (;;) {
      try {
        for await (const frame of this.#connect()) {
          yield frame;
          if (frame.done) return;
        }
      } catch (error) {
        this.#lostAt ??= Date.now();
        if (this.#hangUp.signal.aborted || Date.now() - this.#lostAt > RECONNECT_FOR_MS) throw error;
        if (error instanceof Refused && error.status < 500) throw error;
      }
      await sleep(RECONNECT_EVERY_MS);
    }
  }

  /** Cancels the run and leaves it some time to say so; a run that was never heard of is left at once. */
  async cancel() {
    if (this.#runId) {
      const options = {
        method: 'POST',
        headers: this.headers,
        body: '{}',
        signal: AbortSignal.timeout(CANCEL_WAIT_MS),
      };
      await fetch(`${this.#runUrl()}/cancel`, options).catch(() => undefined);
      await sleep(CANCEL_WAIT_MS, undefined, { ref: false });
    }
    this.#hangUp.abort();
  }

  /** @returns {AsyncGenerator<Frame>} */
  async *#connect() {
    const { headers, body } = this;
    const { signal } = this.#hangUp;
    const reply = this.#runId
      ? await fetch(`${this.#runUrl()}/events?after=${this.#cursor}`, { headers, signal })
      : await fetch(`${this.apiUrl}/swarm/execute`, { method: 'POST', headers, body, signal });
    if (!reply.ok || !reply.body) throw new Refused(reply.status, await readRefusal(reply));
    this.#lostAt = undefined;
    for await (const frame of readFrames(reply.body)) {
      this.#runId ??= frame.run_id;
      this.#cursor = frame.cursor ?? this.#cursor;
      yield frame;
    }
  }

  #runUrl() {
    return `${this.apiUrl}/runs/${encodeURIComponent(this.#runId ?? '')}`;
  }
}

/** @param {Response} reply */
async function readRefusal(reply) {
  const text = await reply.text().catch(() => '');
  try {
    const { error, detail } = JSON.parse(text);
    return `${error?.code ?? `HTTP ${reply.status}`}: ${error?.message ?? detail}`;
  } catch {
    return `HTTP ${reply.status}: ${text.slice(0, 200)}`;
  }
}
