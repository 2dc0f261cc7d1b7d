// HTTP server of the local models: OpenAI-compatible, listens immediately and answers once a model is loaded.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { createKeylessPolicy, type AccessPolicy } from '../access/policy';
import { keepAlive } from '../keep-alive';
import { answerChatCompletion } from './chat-completions';
import type { ModelEngine } from './engine';
import { failureReply, LocalModelFailure } from './failures';
import { replyJson } from './reply-json';

const KEEP_ALIVE_MS = 5_000;

/** A model as the server sees it: known from the start, usable once its engine is loaded. */
export interface ServedModel {
  readonly id: string;
  readonly contextLength: number;
  /** Resolves when loaded. The loading caller handles a rejection; here the model then stays unready, and its requests are rejected. */
  readonly engine: Promise<ModelEngine>;
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
  /** Aborts all answers and closes all sockets. The caller that loaded the models unloads them. */
  stop(): Promise<void>;
}

type Handler = (incoming: IncomingMessage, response: ServerResponse, log: Logger) => void | Promise<void>;

/** Starts the server; resolves when it listens, whether or not models are loaded. */
export async function createLocalModelServer(options: LocalModelServerOptions): Promise<LocalModelServer> {
  const host = options.host ?? '127.0.0.1';
  const routes = createRoutes(options);
  const face = { routes, access: createKeylessPolicy(host) };
  const server = createServer((incoming, response) => void respond(incoming, response, face, options.log));
  keepAlive(server);
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

  async function findEngine(id: string): Promise<ModelEngine> {
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
      answerChatCompletion(incoming, response, { findEngine, keepAliveMs, log }),
  };
}

function refuseUnloaded(cause: unknown): never {
  throw new LocalModelFailure('model_unavailable', 'The model could not be loaded.', null, { cause });
}

async function respond(
  incoming: IncomingMessage,
  response: ServerResponse,
  { routes, access }: { routes: Record<string, Handler>; access: AccessPolicy },
  serverLog: Logger,
): Promise<void> {
  const requestId = `req_${randomUUID()}`;
  const log = serverLog.child({ requestId });
  response.setHeader('x-request-id', requestId);
  response.setHeader('x-content-type-options', 'nosniff');
  try {
    checkAccess(access, incoming);
    await findHandler(routes, incoming, response)(incoming, response, log);
  } catch (error) {
    refuse(incoming, response, error, log);
  }
}

/** Without a key, any web page in a browser on this machine could use the model. */
function checkAccess(access: AccessPolicy, incoming: IncomingMessage): void {
  const refusal = access.refuse(incoming);
  if (!refusal) return;
  const isHost = refusal.code === 'FORBIDDEN_HOST';
  const message = isHost
    ? 'Host: must be localhost, 127.0.0.1 or [::1] while the server listens on loopback; see --host.'
    : 'Origin: only pages of this machine may use the model.';
  throw new LocalModelFailure(isHost ? 'forbidden_host' : 'forbidden_origin', message);
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
  // An unread body would be parsed as the next request on this socket.
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
