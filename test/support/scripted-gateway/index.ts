// An OpenAI-compatible upstream over real HTTP that plays a script exactly and keeps a log: in a test, or as a process.
import type { Price } from './bill';
import { createBooks, type GatewayRequest } from './books';
import { listen } from './listen';
import { createReception } from './reception';
import { Reply } from './reply';
import { createScripts, type Scripts } from './scripts';
import { waitFor } from './wait-for';

export type { GatewayRequest } from './books';
export { now } from './clock';
export { CASE_TEXT, cases, good } from './cases';
export { quirks } from './quirks';
export type { Reply } from './reply';
export type { ChatBody } from './request';
export { readSequence } from './sequence';

export interface ScriptedGatewayOptions {
  /** 0 (default) picks a free port; a fixed port is for tests of an upstream that starts late. */
  port?: number;
  host?: string;
  /** For models without a script. */
  defaultReply?: Reply;
  /** Requests (except GET /v1/models) without this key are answered with 401. */
  requireKey?: string;
  /** Models of GET /v1/models, USD per token; models not named here cost `DEFAULT_PRICE`. */
  models?: Readonly<Record<string, Price>>;
  /** GET /v1/generation answers 404 for this long after the end of the call (0). */
  generationDelayMs?: number;
}

export interface ScriptedGateway extends Pick<Scripts, 'script' | 'always' | 'scriptWhen'> {
  /** Base URL, ending in /v1. */
  readonly url: string;
  /** Every request to /v1, oldest first. */
  readonly requests: readonly GatewayRequest[];
  /** The chat completions among them, of one model or of all. */
  calls(model?: string): GatewayRequest[];
  /** From now on, answers a whole path, such as `/v1/key`, with this status and body. */
  scriptPath(path: string, reply: Pick<Reply, 'status' | 'headers' | 'body' | 'wait'>): void;
  /** Number of requests being answered now, and the maximum so far. */
  open(): number;
  mostOpen(): number;
  /** Resolves with the first truthy value; on a timeout (4 s), rejects with the log in the message. */
  waitFor<T>(predicate: () => T, timeoutMs?: number): Promise<NonNullable<T>>;
  /** Clears scripts and log; open requests continue. */
  reset(): void;
  /** Destroys open sockets and frees the port. */
  stop(): Promise<void>;
}

/** Starts a simulator. */
export async function createScriptedGateway(options: ScriptedGatewayOptions = {}): Promise<ScriptedGateway> {
  const { port = 0, host = '127.0.0.1', requireKey, models = {}, generationDelayMs = 0 } = options;
  const books = createBooks();
  const scripts = createScripts(options.defaultReply);
  const paths = new Map<string, Reply>();
  const reception = createReception({ books, scripts, paths, options: { requireKey, models, generationDelayMs } });
  const server = await listen(reception.receive, port, host);
  const { script, always, scriptWhen } = scripts;
  return {
    url: `${server.url}/v1`,
    requests: books.requests,
    calls: (model) => books.requests.filter((entry) => isCall(entry) && (model === undefined || entry.model === model)),
    script,
    always,
    scriptWhen,
    scriptPath: (path, reply) => void paths.set(path, Reply.parse(reply)),
    open: reception.open,
    mostOpen: reception.mostOpen,
    waitFor: (predicate, timeoutMs) => waitFor(books, predicate, timeoutMs),
    reset: reception.reset,
    async stop() {
      reception.abandonAll();
      await server.stop();
    },
  };
}

function isCall({ method, path }: GatewayRequest): boolean {
  return method === 'POST' && path.endsWith('/chat/completions');
}
