/**
 * `WS /ws/swarm`: a client starts runs, follows and resumes them by cursor, and cancels them; one connection carries several runs.
 * A frame that makes no sense gets an error frame and nothing else happens. Closing the connection cancels nothing.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { RunScope } from '../contract';
import { cancelFrame } from '../contract/frames';
import type { ClientFrame } from '../contract/requests';
import type { Logger } from '../log';
import { addressOf } from './address';
import type { Caller, Keyring } from './auth';
import type { Bus } from './bus';
import { aboutOf, readFrame } from './client-frames';
import { errorFrame, toApiError, type About } from './errors';
import type { Services } from './services';

export interface WebSocketOptions extends Pick<Services, 'runs' | 'relay' | 'cancelRun'> {
  keyring: Keyring;
  bus: Bus;
  log: Logger;
}

const PATH = '/ws/swarm';
const BUS_PATH = '/ws/bus';
const FRAME_LIMIT = 20 * 1024 * 1024;
const PING_MS = 15_000;
/** A socket that has this much unsent is closed; the client resumes after the last cursor that it got. */
const BUFFER_LIMIT = 8 * 1024 * 1024;
/** RFC 6455, 7.4: "try again later". */
const TRY_AGAIN_LATER = 1013;

export interface WebSockets {
  readonly size: number;
  /** Takes the connections of this HTTP server that ask for a WebSocket. */
  serve(server: Server): void;
  /** Ends all of them with 1001, after what was sent to them. */
  close(): void;
  terminate(): void;
}

export function createWebSockets(options: WebSocketOptions): WebSockets {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: FRAME_LIMIT });
  const pinging = setInterval(() => sockets.clients.forEach(ping), PING_MS);
  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    const pathname = addressOf(request)?.pathname;
    if (pathname !== PATH && pathname !== BUS_PATH) return refuse(socket, '404 Not Found');
    const caller = options.keyring.identify(request);
    if (!caller) return refuse(socket, '401 Unauthorized');
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('pong', () => silent.delete(client));
      client.on('error', (error) => options.log.debug({ reason: error.message }, 'websocket'));
      if (pathname === BUS_PATH) options.bus.add(client);
      else new Conversation(client, options, caller, socket);
    });
  }
  return {
    get size() {
      return sockets.clients.size;
    },
    serve: (server) => void server.on('upgrade', upgrade),
    close() {
      clearInterval(pinging);
      for (const client of sockets.clients) client.close(1001, 'server is stopping; resume by cursor');
    },
    terminate: () => sockets.clients.forEach((client) => client.terminate()),
  };
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

const silent = new WeakSet<WebSocket>();

function ping(client: WebSocket): void {
  if (silent.has(client)) return client.terminate();
  silent.add(client);
  client.ping();
}

/** One connection: what it follows, and what it asks for. */
class Conversation {
  private readonly following = new Map<string, { stop(): void }>();
  private corked = false;

  constructor(
    private readonly client: WebSocket,
    private readonly options: WebSocketOptions,
    private readonly caller: Caller,
    /** What the client's frames are written to. */
    private readonly socket: Duplex,
  ) {
    client.on('close', () => this.following.forEach((one) => one.stop()));
    client.on('message', (data) => void this.answer(data));
  }

  private async answer(data: RawData): Promise<void> {
    let about: About = {};
    try {
      const frame = readFrame(data);
      about = aboutOf(frame);
      if ('cancel' in frame) await this.cancel(frame.cancel);
      else if ('run_id' in frame) await this.resume(frame.run_id, frame.after);
      else {
        const run = this.options.runs.prepare(frame);
        about = run;
        await this.start(frame, run);
      }
    } catch (error) {
      const known = toApiError(error);
      if (known.code === 'INTERNAL') this.options.log.error({ error }, 'websocket frame failed');
      this.send(JSON.stringify(errorFrame(known, about)));
    }
  }

  private async start(order: Extract<ClientFrame, { swarm_id: string }>, run: RunScope): Promise<void> {
    const { runs, relay } = this.options;
    this.follow(run.run_id, relay.fresh(run.run_id, this.sinkOf(run.run_id)));
    try {
      await runs.start({ ...order, tenant: this.caller.tenant }, run);
    } catch (error) {
      this.leave(run.run_id);
      throw error;
    }
  }

  /** Another frame may ask for the same run, and the client may leave, before this is answered: nothing more is told then. */
  private async resume(runId: string, after: string): Promise<void> {
    this.leave(runId);
    const sink = this.sinkOf(runId);
    let isLeft = false;
    let stop = () => {};
    this.follow(runId, {
      stop() {
        isLeft = true;
        stop();
      },
    });
    const following = await this.options.relay.resume(runId, after, {
      frame: (json) => void (isLeft || sink.frame(json)),
      end: () => void (isLeft || sink.end()),
    });
    stop = () => following.stop();
    if (isLeft) stop();
  }

  /** The run's own last event, `run.cancelled`, tells that it is done; here only what became of the request. */
  private async cancel(runId: string): Promise<void> {
    const found = await this.options.cancelRun(runId);
    this.send(JSON.stringify(cancelFrame(found, found.status === 'running')));
  }

  private follow(runId: string, following: { stop(): void }): void {
    if (this.client.readyState !== this.client.OPEN) return following.stop();
    this.following.set(runId, following);
  }

  private leave(runId: string): void {
    this.following.get(runId)?.stop();
    this.following.delete(runId);
  }

  private sinkOf(runId: string) {
    return { frame: (json: string) => this.send(json), end: () => this.leave(runId) };
  }

  private send(json: string): void {
    if (this.client.readyState !== this.client.OPEN) return;
    this.cork();
    this.client.send(json);
    if (this.client.bufferedAmount > BUFFER_LIMIT)
      this.client.close(TRY_AGAIN_LATER, 'too slow: resume from your last cursor');
  }

  /** What is sent in one turn of the event loop is written at once: an API that falls behind catches up. */
  private cork(): void {
    if (this.corked) return;
    this.corked = true;
    this.socket.cork();
    process.nextTick(() => {
      this.corked = false;
      this.socket.uncork();
    });
  }
}
