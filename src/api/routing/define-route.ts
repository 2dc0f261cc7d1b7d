/**
 * Declares a route once. The router, the parsing, the handler's types and the route's part of the OpenAPI document are all derived from the
 * declaration.
 */
import type { Context } from 'koa';
import type { z } from 'zod';
import { parse } from '../errors';
import type { Services } from '../services';
import { findText } from './constant-replies';

type Tag =
  | 'Start'
  | 'Runs'
  | 'People in the loop'
  | 'Sessions'
  | 'Service'
  | "For OpenAI's clients"
  | 'For tool callers'
  | 'For earlier clients';

/** Names of schemas that the document declares once: stream frames and errors. */
export type FrameName = 'Frame' | 'TeamFrame' | 'ChatChunk';
export type ErrorName = 'Error' | 'OpenAiError';

/**
 * The reply for one status. `schema` describes a JSON body; `media` is the media type of a body that is not `application/json`. `events`
 * names the frames of the stream that a caller may request instead.
 */
export interface Reply {
  description: string;
  schema?: z.ZodType;
  media?: string;
  events?: FrameName;
}
type Replies = Readonly<Record<number, Reply>>;

/** A route without its types. */
export interface RouteDescription {
  method: 'get' | 'post' | 'delete';
  /** An OpenAPI path template, such as `/runs/{id}`. */
  path: string;
  tag: Tag;
  summary: string;
  /** A schema for each name in the path template. */
  params?: z.ZodObject;
  query?: z.ZodObject;
  /** Maps query fields to headers that may be sent instead. The header wins. */
  queryHeaders?: Readonly<Record<string, string>>;
  /** Parses the body. */
  body?: z.ZodType;
  /** The schema that the document shows, if `body` also accepts other forms. */
  documentedBody?: z.ZodType;
  replies: Replies;
  /** Error statuses of this route in addition to those of every route. */
  errors?: readonly number[];
  /** The format of its errors; `Error` by default. */
  errorShape?: ErrorName;
  /** Whether `Idempotency-Key` makes a repeated request the same one. */
  acceptsIdempotencyKey?: boolean;
  /** Whether it needs no API key. */
  isOpen?: boolean;
}

export interface Route extends RouteDescription {
  /** Parses the request, handles it and writes the reply. Throws {@link ApiError}. */
  serve(ctx: Context, services: Services): Promise<void>;
}

interface RouteRequest<Params, Query, Body, R extends Replies> {
  params: Params;
  query: Query;
  body: Body;
  ctx: Context;
  services: Services;
  reply: PrepareReply<R>;
}

type Headers = Record<string, string>;

/** A reply before the router writes it. */
export interface PreparedReply {
  status: number;
  body?: unknown;
  headers: Headers;
}
type ReplyBody<R extends Reply> = R extends { schema: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : R extends { media: string }
    ? string
    : undefined;

/** Prepares a reply. The type of its body is given by the schema that the route declares for the status. */
export type PrepareReply<R extends Replies> = <Status extends keyof R & number>(
  status: Status,
  ...rest: ReplyBody<R[Status]> extends undefined ? [] : [body: ReplyBody<R[Status]>, headers?: Headers]
) => PreparedReply;

interface RouteDefinition<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  R extends Replies,
> extends RouteDescription {
  params?: Params & z.ZodObject;
  query?: Query & z.ZodObject;
  body?: Body;
  replies: R;
  /** Returns the reply from `reply`, or undefined if it has written to the context itself, for example a stream. */
  handle(
    request: RouteRequest<z.output<Params>, z.output<Query>, z.output<Body>, R>,
  ): Promise<PreparedReply | undefined> | PreparedReply | undefined;
}

const prepareReply = (status: number, body?: unknown, headers: Headers = {}): PreparedReply => ({
  status,
  body,
  headers,
});

export function defineRoute<
  const R extends Replies,
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
>(definition: RouteDefinition<Params, Query, Body, R>): Route {
  const { handle, ...description } = definition;
  const { params, query, body, replies } = definition;
  return {
    ...description,
    async serve(ctx, services) {
      const reply = await handle({
        params: parseIfDeclared<Params>(params, ctx.params),
        query: parseIfDeclared<Query>(query, readQuery(ctx, description)),
        body: parseIfDeclared<Body>(body, ctx.request.body ?? {}),
        ctx,
        services,
        reply: prepareReply,
      });
      if (reply) sendReply(ctx, reply, replies[reply.status]?.media);
    },
  };
}

/** If there is no schema, `Schema` is `ZodUndefined`. */
function parseIfDeclared<Schema extends z.ZodType>(schema: Schema | undefined, value: unknown): z.output<Schema> {
  return schema ? parse(schema, value) : (undefined as z.output<Schema>);
}

function readQuery(ctx: Context, { queryHeaders = {} }: RouteDescription): object {
  const sent = Object.entries(queryHeaders).flatMap(([field, header]) => {
    const value = ctx.get(header);
    return value ? [[field, value] as const] : [];
  });
  return { ...ctx.query, ...Object.fromEntries(sent) };
}

function sendReply(ctx: Context, { status, body, headers }: PreparedReply, media: string | undefined): void {
  ctx.status = status;
  const text = findText(body);
  if (body !== undefined) ctx.body = text ?? body;
  // set after the body, because assigning the body sets a content type
  if (text) ctx.type = 'json';
  if (media) ctx.type = media;
  ctx.set(headers);
}
