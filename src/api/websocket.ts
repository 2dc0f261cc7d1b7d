/** Accepts WebSockets at `/ws/swarm` and `/ws/bus`: authorises them and checks that they are alive. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { AccessPolicy } from '../access/policy';
import type { Logger } from '../log';
import { parseAddress, withoutSlash } from './address';
import type { Keyring } from './auth';
import type { Bus } from './bus';
import { Conversation } from './conversation';
import { ApiError, toApiError } from './errors';
import { describeCaller, type LimitedCaller } from './limits/caller';
import type { ApiLimits } from './limits/middleware';
import { SocketLimits } from './limits/sockets';
import type { RunListeners } from './run-listeners';
import type { Services } from './services';
import { refuseUpgrade } from './upgrade-refusals';

export interface WebSocketOptions extends Pick<Services, 'runs' | 'relay' | 'swarms' | 'cancelRun'> {
  access: AccessPolicy;
  keyring: Keyring;
  bus: Bus;
  listeners: RunListeners;
  limits: ApiLimits;
  log: Logger;
}

const PATH = '/ws/swarm';
const BUS_PATH = '/ws/bus';
export const WEBSOCKET_PATHS = [PATH, BUS_PATH];
/** Values of `?listen=` for a client that starts or follows runs and does not want other runs in the meantime. */
const SILENT = ['0', 'false', 'no'];
const FRAME_LIMIT = 20 * 1024 * 1024;
const PING_MS = 15_000;

export interface WebSockets {
  readonly size: number;
  /** Accepts the WebSocket upgrades of this HTTP server. */
  serve(server: Server): void;
  /** Closes all sockets with 1001, after pending data. */
  close(): void;
  terminate(): void;
}

export function createWebSockets(given: WebSocketOptions): WebSockets {
  const options = { ...given, limits: new SocketLimits(given.limits) };
  const sockets = new WebSocketServer({ noServer: true, maxPayload: FRAME_LIMIT });
  const pinging = setInterval(() => sockets.clients.forEach(ping), PING_MS);
  /** Throws {@link ApiError} for a request that gets no WebSocket. */
  async function admit(
    request: IncomingMessage,
  ): Promise<{ pathname: string; listens: boolean; caller: LimitedCaller }> {
    const address = parseAddress(request);
    const pathname = withoutSlash(address?.pathname ?? '');
    if (!WEBSOCKET_PATHS.includes(pathname)) throw new ApiError('NOT_FOUND', 'There is no WebSocket here.');
    const refusal = options.access.refuseWebSocket(request);
    if (refusal) throw new ApiError(refusal.code, refusal.message);
    const { tenant } = await options.keyring.identify(request);
    const listens = !SILENT.includes(address?.searchParams.get('listen') ?? '');
    return { pathname, listens, caller: describeCaller(tenant, request, options.limits.settings.TRUST_PROXY) };
  }

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => undefined);
    try {
      const { pathname, listens, caller } = await admit(request);
      const leave = await options.limits.admit(caller);
      socket.once('close', leave);
      if (socket.destroyed) return leave();
      sockets.handleUpgrade(request, socket, head, (client) => {
        client.on('pong', () => silent.delete(client));
        client.on('error', (error) => options.log.debug({ reason: error.message }, 'websocket'));
        if (pathname === BUS_PATH) options.bus.add(client);
        else new Conversation(client, options, caller, socket, listens);
      });
    } catch (error) {
      refuseUpgrade(socket, toApiError(error));
    }
  }
  return {
    get size() {
      return sockets.clients.size;
    },
    serve: (server) => void server.on('upgrade', (request, socket, head) => void upgrade(request, socket, head)),
    close() {
      clearInterval(pinging);
      for (const client of sockets.clients) client.close(1001, 'server is stopping; resume by cursor');
    },
    terminate: () => sockets.clients.forEach((client) => client.terminate()),
  };
}

const silent = new WeakSet<WebSocket>();

/** A paused socket, whose frames are waiting, is not read, so its pongs cannot arrive. */
function ping(client: WebSocket): void {
  if (client.isPaused) return;
  if (silent.has(client)) return client.terminate();
  silent.add(client);
  client.ping();
}
