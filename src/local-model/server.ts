// The HTTP face of the local models: an OpenAI-compatible server that listens at once and answers when a model is loaded.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { answerChatCompletion } from './chat-completions';
import type { Engine } from './engine';
import { failureReply, LocalModelFailure } from './failures';
import { replyJson } from './reply-json';

const KEEP_ALIVE_MS = 5_000;

/** Longer than a client's pool keeps an idle socket, so that it is not reset under a new request. */
const IDLE_SOCKET_MS = 65_000;

/** A model as the server sees it: known from the start, usable once its engine is there. */
export interface ServedModel {
  readonly id: string;
  readonly contextLength: number;
  /** Resolves when loaded. A rejection is for whoever loads; here the model never becomes ready, and requests for it are refused. */
  readonly engine: Promise<Engine>;
}

/** Options of `createLocalModelServer`. */
export interface LocalModelServerOptions {
  readonly models: readonly ServedModel[];
  readonly log: Logger;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Silence on a stream before a comment line is sent. Default 5 s. */
  readonly keepAliveMs?: number;
}

/** A listening server. */
export interface LocalModelServer {
  readonly url: string;
  /** Breaks off all answers and closes all sockets; unloading the models stays with whoever loaded them. */
  stop(): Promise<void>;
}

type Handler = (incoming: IncomingMessage, response: ServerResponse, log: Logger) => void | Promise<void>;

/** Starts the server and returns when it listens, loaded or not. */
export async function createLocalModelServer(options: LocalModelServerOptions): Promise<LocalModelServer> {
  const host = options.host ?? '127.0.0.1';
  const routes = createRoutes(options);
  const server = createServer((incoming, response) => void respond(incoming, response, routes, options.log));
  server.keepAliveTimeout = IDLE_SOCKET_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, stop: () => close(server) };
}

function createRoutes({ models, keepAliveMs = KEEP_ALIVE_MS }: LocalModelServerOptions): Record<string, Handler> {
  const created = Math.floor(Date.now() / 1000);
  const ready = new Set<string>();
  for (const { id, engine } of models) {
    engine.then(() => ready.add(id)).catch(() => undefined);
  }

  async function engineOf(id: string): Promise<Engine> {
    const model = models.find((served) => served.id === id);
    if (model) return model.engine.catch(refuseUnloaded);
    throw new LocalModelFailure('model_not_found', `The model '${id}' does not exist on this server.`, 'model');
  }

  function list(_incoming: IncomingMessage, response: ServerResponse): void {
    const data = models.map(({ id, contextLength }) => {
      return { id, object: 'model', created, owned_by: 'local', context_length: contextLength };
    });
    replyJson(response, 200, { object: 'list', data });
  }

  function health(_incoming: IncomingMessage, response: ServerResponse): void {
    if (models.some(({ id }) => !ready.has(id))) throw new LocalModelFailure('model_loading', 'Loading model');
    replyJson(response, 200, { status: 'ok' });
  }

  return {
    'GET /health': health,
    'GET /v1/models': list,
    'POST /v1/chat/completions': (incoming, response, log) =>
      answerChatCompletion(incoming, response, { engineOf, keepAliveMs, log }),
  };
}

function refuseUnloaded(cause: unknown): never {
  throw new LocalModelFailure('model_unavailable', 'The model could not be loaded.', null, { cause });
}

async function respond(
  incoming: IncomingMessage,
  response: ServerResponse,
  routes: Record<string, Handler>,
  serverLog: Logger,
): Promise<void> {
  const requestId = `req_${randomUUID()}`;
  const log = serverLog.child({ requestId });
  response.setHeader('x-request-id', requestId);
  try {
    await findHandler(routes, incoming, response)(incoming, response, log);
  } catch (error) {
    refuse(incoming, response, error, log);
  }
}

function findHandler(routes: Record<string, Handler>, incoming: IncomingMessage, response: ServerResponse): Handler {
  const path = (incoming.url ?? '/').split('?', 1)[0] ?? '/';
  const handler = routes[`${incoming.method ?? ''} ${path}`];
  if (handler !== undefined) return handler;
  const methods = Object.keys(routes).filter((route) => route.endsWith(` ${path}`));
  const allowed = methods.map((route) => route.split(' ', 1)[0]).join(', ');
  if (allowed === '') throw new LocalModelFailure('not_found', `There is nothing at ${path}.`);
  response.setHeader('allow', allowed);
  throw new LocalModelFailure('method_not_allowed', `${path} answers ${allowed} only.`);
}

function refuse(incoming: IncomingMessage, response: ServerResponse, error: unknown, log: Logger): void {
  const { status, headers, body } = failureReply(error);
  if (status === 500) log.error({ err: error }, 'failed');
  else log[status === 503 ? 'debug' : 'info']({ status, code: body.error.code }, 'refused');
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  // An unread body would be taken for the next request on this socket.
  const closing: Record<string, string> = hasUnreadBody(incoming) ? { connection: 'close' } : {};
  replyJson(response, status, body, { ...headers, ...closing });
}

function hasUnreadBody({ complete, headers }: IncomingMessage): boolean {
  return !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0);
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
