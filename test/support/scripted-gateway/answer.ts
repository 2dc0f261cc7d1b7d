// The route table of /v1: chooses the reply to a request, and plays it.
import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';

import { accountReply, type AccountOptions } from './account';
import { DEFAULT_PRICE } from './bill';
import type { Books } from './books';
import type { Exchange } from './exchange';
import { play } from './play';
import { playRefusal } from './play-refusal';
import type { Reply } from './reply';
import { askedModel, ChatBody } from './request';
import type { Scripts } from './scripts';

interface AnswerOptions extends AccountOptions {
  readonly requireKey?: string | undefined;
}

/** Dependencies of the routes. */
export interface Desk {
  readonly books: Books;
  readonly scripts: Scripts;
  /** Scripted replies of whole paths, which take precedence over everything else. */
  readonly paths: Map<string, Reply>;
  readonly options: AnswerOptions;
}

export async function answer(request: IncomingMessage, exchange: Exchange, url: URL, desk: Desk): Promise<void> {
  const body: unknown = await json(request).catch(() => undefined);
  if (exchange.over) return;
  const chat = ChatBody.safeParse(body);
  // Logged before any rejection, so that rejected calls are found by their model.
  if (body !== undefined) exchange.entry.body = body;
  if (chat.success) exchange.entry.model = askedModel(chat.data);
  const scripted = desk.paths.get(url.pathname) ?? refuseKey(request, url, desk.options.requireKey);
  if (scripted) return playRefusal(exchange, scripted);
  if (!isCompletion(request, url))
    return playRefusal(exchange, accountReply(url, desk.books, desk.options) ?? NO_ROUTE);
  if (!chat.success) return playRefusal(exchange, badRequest(chat.error.message));
  const price = desk.options.models[exchange.entry.model] ?? DEFAULT_PRICE;
  await play(exchange, desk.scripts.next(chat.data), chat.data, price);
}

function isCompletion({ method }: IncomingMessage, { pathname }: URL): boolean {
  return method === 'POST' && pathname.endsWith('/chat/completions');
}

const NO_ROUTE: Reply = { status: 404, body: { error: { code: 404, message: 'Not Found' } } };

function badRequest(message: string): Reply {
  return { status: 400, body: { error: { code: 400, message, metadata: { error_type: 'invalid_request' } } } };
}

/** The model list is public; everything else needs the key if one is required. */
function refuseKey(request: IncomingMessage, url: URL, key: string | undefined): Reply | undefined {
  const given = request.headers.authorization;
  if (key === undefined || given === `Bearer ${key}` || url.pathname.endsWith('/models')) return undefined;
  const message = given === undefined ? 'No auth credentials found' : 'User not found.';
  return { status: 401, body: { error: { code: 401, message, metadata: { error_type: 'authentication' } } } };
}
