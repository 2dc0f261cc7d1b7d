// One request being answered: its response, its log entry, and waits that end when the client leaves.
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';

import type { Books, EndedBy, GatewayRequest } from './books';
import { now } from './clock';

// Long enough for the reader to receive the first part before the second is written, even within one process.
const SPLIT_PAUSE_MS = 2;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Exchange {
  /** Called once when the request ends, before waiters are notified, so that the log then contains the bill. */
  settle: (() => void) | undefined;
  #wake: (() => void) | undefined;

  constructor(
    readonly response: ServerResponse,
    readonly entry: GatewayRequest,
    readonly books: Books,
    private readonly onEnd: () => void,
  ) {
    // 'finish' means that the system accepted the last byte; a close before it means that the client left.
    response.once('finish', () => this.#finish('completed'));
    response.once('close', () => this.#finish('client-closed'));
    response.on('drain', () => this.#wake?.());
    response.on('error', () => this.#finish('client-closed'));
  }

  get over(): boolean {
    return this.entry.endedBy !== undefined;
  }

  openHead(status: number, headers: Record<string, string>): void {
    if (this.over) return;
    this.entry.status = status;
    this.response.writeHead(status, headers);
    this.response.flushHeaders();
    this.books.changed();
  }

  /** Writes bytes to the socket; resolves when it can accept more. */
  async write(text: string): Promise<void> {
    if (this.over) return;
    this.entry.firstByteAt ??= now();
    if (this.response.write(text)) return;
    while (!this.over && this.response.writableNeedDrain) await this.#sleep(Infinity);
  }

  /** Writes the text, split at the worst places: inside characters, and between CR and LF. */
  async writeSplit(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    let from = 0;
    for (let at = 1; at < bytes.length && !this.over; at++) {
      if (!isAwkwardCut(bytes, at)) continue;
      await this.#flush(bytes.subarray(from, at));
      await delay(SPLIT_PAUSE_MS);
      from = at;
    }
    await this.#flush(bytes.subarray(from));
  }

  /** Sleeps until the moment (never less) or until the request is over. */
  async waitUntil(moment: number): Promise<void> {
    for (let left = moment - now(); left > 0 && !this.over; left = moment - now()) await this.#sleep(left);
  }

  /** Yields to everything else in the process. */
  breathe(): Promise<void> {
    return nextTurn();
  }

  end(text = ''): void {
    if (this.over) return;
    this.entry.firstByteAt ??= now();
    this.response.end(text);
  }

  /** Destroys the socket after everything written was passed to the system. */
  async cut(): Promise<void> {
    if (this.response.headersSent) await this.#flush(Buffer.alloc(0));
    this.abandon('cut');
  }

  abandon(by: EndedBy): void {
    this.#finish(by);
    this.response.socket?.destroy();
  }

  #flush(bytes: Buffer): Promise<void> {
    if (this.over) return Promise.resolve();
    this.entry.firstByteAt ??= now();
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.response.write(bytes, () => resolve());
    });
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(Math.ceil(ms), LONGEST_TIMER_MS));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #finish(by: EndedBy): void {
    if (this.over) return;
    this.entry.endedBy = by;
    this.entry.endedAt = now();
    this.settle?.();
    this.onEnd();
    this.books.changed();
    this.#wake?.();
  }
}

function isAwkwardCut(bytes: Buffer, at: number): boolean {
  const [before = 0, after = 0] = [bytes[at - 1], bytes[at]];
  const insideCharacter = (after & 0xc0) === 0x80 && (before & 0xc0) === 0xc0;
  return insideCharacter || (before === 0x0d && after === 0x0a);
}
