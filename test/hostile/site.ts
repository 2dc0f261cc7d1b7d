/** The tools of a hostile client: HTTP requests, sockets and raw bytes, with every reply recorded. It never contacts any other host. */
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';

export interface Target {
  host: string;
  port: number;
  key: string;
  /** The loopback address that this client calls from; absent if the system has only one. */
  localAddress?: string;
}

/** One reply to one request. */
export interface Reply {
  /** For example `POST /swarm/execute`. */
  what: string;
  /** 0 if the connection ended without a reply. */
  status: number;
  /** The error code of the reply or of the connection. */
  code?: string;
  /** The retry delay that the reply states. */
  retryAfterSeconds?: number;
  ms: number;
}

export interface Ask {
  method?: string;
  path: string;
  body?: string | Buffer;
  headers?: Record<string, string>;
  /** Disconnects after this time with whatever has arrived, like a reader that loses interest. */
  leaveAfterMs?: number;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** A complete request must be answered within this time. */
const ANSWER_LIMIT_MS = 30_000;
const BODY_LIMIT = 32 * 1024 * 1024;

/** The client of one action: records replies and faults. */
export class Site {
  readonly replies: Reply[] = [];
  /** Faults of the product: a missing reply, or one that blames the product itself. */
  readonly faults: string[] = [];
  private readonly open = new Set<{ destroy(): void }>();

  constructor(readonly target: Target) {}

  get authority(): string {
    return `${this.target.host}:${this.target.port}`;
  }

  /** Sends a complete request and reads the reply. */
  async ask({ method = 'GET', path, body, headers = {}, leaveAfterMs }: Ask): Promise<Answer> {
    const what = `${method} ${path.slice(0, 80)}`;
    const startedAt = performance.now();
    const note = ({ status, headers: got }: Answer, code?: string) => {
      const wait = Number(got['retry-after'] ?? Number.NaN);
      this.replies.push({
        ...{ what, status, ms: Math.round(performance.now() - startedAt), ...(code ? { code } : {}) },
        ...(Number.isFinite(wait) ? { retryAfterSeconds: wait } : {}),
      });
    };
    const { host, port, key, localAddress } = this.target;
    return new Promise((resolve) => {
      const payload = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const request = httpRequest({
        ...{ host, port, method, path, agent: false, ...(localAddress ? { localAddress } : {}) },
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...payload, ...headers },
      });
      this.open.add(request);
      let text = '';
      let isOver = false;
      const end = (answer: Answer, code?: string) => {
        if (isOver) return;
        isOver = true;
        clearTimeout(limit);
        this.open.delete(request);
        note(answer, code);
        request.destroy();
        resolve(answer);
      };
      const limit = setTimeout(() => {
        this.faults.push(`no answer within ${ANSWER_LIMIT_MS / 1000} s: ${what}`);
        end({ status: 0, headers: {}, text: '' }, 'HANG');
      }, ANSWER_LIMIT_MS);
      request.on('error', (error: NodeJS.ErrnoException) =>
        end({ status: 0, headers: {}, text }, error.code ?? 'ERROR'),
      );
      request.on('response', (response) => {
        const { statusCode: status = 0, headers: got } = response;
        clearTimeout(limit);
        const finish = (code?: string) => end({ status, headers: got, text }, code ?? readErrorCode(text));
        response.on('data', (chunk: Buffer) => {
          if (text.length < BODY_LIMIT) text += chunk.toString();
        });
        response.on('end', () => finish());
        response.on('error', () => finish('CUT'));
        if (leaveAfterMs !== undefined) setTimeout(() => finish('LEFT'), leaveAfterMs);
      });
      request.on('close', () => end({ status: 0, headers: {}, text }, 'CLOSED'));
      request.end(body);
    });
  }

  async askJson(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.ask({ method, path, ...(body === undefined ? {} : { body: JSON.stringify(body) }), headers });
  }

  /** Opens a WebSocket; undefined if it is refused, which is recorded. */
  async openSocket(path = '/ws/swarm', headers: Record<string, string> = {}): Promise<WebSocket | undefined> {
    const { key, localAddress } = this.target;
    const startedAt = performance.now();
    const socket = new WebSocket(`ws://${this.authority}${path}`, {
      headers: { authorization: `Bearer ${key}`, ...headers },
      ...(localAddress ? { localAddress } : {}),
      handshakeTimeout: ANSWER_LIMIT_MS,
      perMessageDeflate: false,
    });
    const handle = { destroy: () => socket.terminate() };
    this.open.add(handle);
    const note = (status: number, code?: string) =>
      this.replies.push({
        ...{ what: `WS ${path.slice(0, 80)}`, status, ms: Math.round(performance.now() - startedAt) },
        ...(code ? { code } : {}),
      });
    return new Promise((resolve) => {
      socket.once('open', () => (note(101), resolve(socket)));
      socket.once('unexpected-response', (_request, response) => {
        note(response.statusCode ?? 0);
        response.resume();
        socket.terminate();
        resolve(undefined);
      });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (/timed out/.test(error.message)) this.faults.push(`no answer to a WebSocket handshake within 30 s`);
        note(0, error.code ?? 'ERROR');
        resolve(undefined);
      });
      // error codes in frames count as replies
      socket.on('message', (data) => {
        const code = readErrorCode(String(data).slice(0, 2000));
        if (code) note(code === 'INTERNAL' ? 500 : 400, code);
      });
    });
  }

  /** Opens a raw TCP connection. */
  async openConnection(): Promise<Socket | undefined> {
    const { host, port, localAddress } = this.target;
    return new Promise((resolve) => {
      const socket = connect({ host, port, ...(localAddress ? { localAddress } : {}) }, () => resolve(socket));
      this.open.add(socket);
      socket.on('error', () => resolve(undefined));
    });
  }

  /**
   * Writes bytes to a raw connection and returns what arrives until it is closed, or for `forMs`. With `mustAnswer` the bytes are a
   * complete request.
   */
  async exchange(bytes: string | Buffer, { forMs = 3000, mustAnswer = false } = {}): Promise<string> {
    const startedAt = performance.now();
    const socket = await this.openConnection();
    const what = `raw ${JSON.stringify(bytes.toString('latin1').slice(0, 60))}`;
    if (!socket) {
      this.replies.push({ what, status: 0, code: 'REFUSED', ms: 0 });
      return '';
    }
    let got = '';
    socket.on('data', (chunk: Buffer) => void (got.length < 1e6 && (got += chunk.toString('latin1'))));
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const answered = new Promise<void>((resolve) => socket.once('data', () => resolve()));
    socket.write(bytes);
    const limitMs = mustAnswer ? ANSWER_LIMIT_MS : forMs;
    const wait = sleep(limitMs, undefined, { ref: false });
    await Promise.race([closed, wait, ...(mustAnswer ? [answered] : [])]);
    if (mustAnswer && got === '' && !socket.destroyed && !socket.readableEnded)
      this.faults.push(`no answer within ${limitMs / 1000} s: ${what}`);
    socket.destroy();
    for (const [, status] of got.matchAll(/^HTTP\/1\.[01] (\d{3})/gm))
      this.replies.push({
        ...{ what, status: Number(status), ms: Math.round(performance.now() - startedAt) },
        ...(readErrorCode(got) ? { code: readErrorCode(got)! } : {}),
      });
    return got;
  }

  /** Closes everything that is still open. */
  close(): void {
    for (const one of this.open) one.destroy();
  }
}

/** The code of an error reply, without parsing a body that may be megabytes long. */
function readErrorCode(text: string): string | undefined {
  return /"error":\s*\{[^{}]{0,500}?"code":\s*"([A-Z_a-z]+)"/.exec(text.slice(0, 4000))?.[1];
}
