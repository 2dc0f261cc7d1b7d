/** Generates an OpenAPI 3.1 document from the route declarations, which also parse the requests and type the replies. */
import { z } from 'zod';
import { chatChunk, openAiError, teamFrame } from '../../contract/client-replies';
import { runEvent } from '../../contract/events';
import { frame } from '../../contract/frame-replies';
import { IDEMPOTENCY_KEY_LIMIT } from '../../contract/names';
import { errorReply } from '../../contract/replies';
import type { ErrorName, FrameName, Reply, RouteDescription } from '../routing/define-route';

type JsonSchema = Record<string, unknown>;

interface OpenApiOperation {
  tags: string[];
  summary: string;
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, { description: string; content?: Content }>;
  /** Empty for a route that needs no key. */
  security?: object[];
}
interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: JsonSchema;
}
type Content = Record<string, { schema: JsonSchema }>;
export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string; description: string };
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: { schemas: Record<string, JsonSchema>; securitySchemes: object };
  security: object[];
}

const ERRORS: Record<number, string> = {
  400: 'The request makes no sense; the message names the field.',
  401: 'A key is needed.',
  402: 'The budget is used up.',
  403: 'Host or Origin is not allowed; the message names the setting.',
  404: 'There is no such thing.',
  409: 'It does not fit what is there: see the code.',
  413: 'The body is too large.',
  415: 'The body is a form, has an unknown charset or encoding, or comes from a page of another origin and is not declared as JSON.',
  422: 'The model refused the content, or it is too long for it.',
  429: 'The caller has reached a limit, which the message names, or sent too many wrong keys; see `Retry-After`.',
  500: 'A fault of this service; its log has the details.',
  502: 'The gateway failed, also after other tries and models.',
  503: 'A part of the service is away, or a rate limit holds; try again.',
};
const JSON_TYPE = 'application/json';
const OF_EVERY_ROUTE = [400, 401, 403, 429, 500, 503];
/** Errors of reading the body, which happens for every route, even one that takes no body. */
const OF_EVERY_BODY = [413, 415];

/** The schema as callers send it (`input`) or as they receive it (`output`). */
function toSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

/** `GET /events.schema.json`: the JSON Schema 2020-12 of the events in a run's stream. */
export function eventsSchema(): JsonSchema {
  return { title: 'Events of a run', ...z.toJSONSchema(runEvent) };
}

/** `version` is the version of the product. */
export function openApiDocument(routes: readonly RouteDescription[], version: string): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: describe(route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Murmuration',
      version,
      description:
        'Durable LLM swarms: every model call survives a crash, every token reaches the screen exactly once.',
    },
    paths,
    components: {
      schemas: {
        ...{ Error: toSchema(errorReply, 'output'), OpenAiError: toSchema(openAiError, 'output') },
        Frame: toSchema(frame, 'output'),
        ...{ TeamFrame: toSchema(teamFrame, 'output'), ChatChunk: toSchema(chatChunk, 'output') },
        Event: toSchema(runEvent, 'output'),
      } satisfies Record<ErrorName | FrameName | 'Event', JsonSchema>,
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer' },
        header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
    },
    // if no keys are configured, none is required
    security: [{}, { key: [] }, { header: [] }],
  };
}

function describe(route: RouteDescription): OpenApiOperation {
  const { method, tag, summary, body, documentedBody = body, replies, errors = [], errorShape = 'Error' } = route;
  const parameters = describeParameters(route);
  const failures = [...OF_EVERY_ROUTE, ...(method === 'post' ? OF_EVERY_BODY : []), ...errors];
  return {
    tags: [tag],
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(documentedBody
      ? { requestBody: { required: true, content: jsonContent(toSchema(documentedBody, 'input')) } }
      : {}),
    responses: {
      ...Object.fromEntries(failures.map((status) => [status, describeError(status, errorShape)])),
      ...Object.fromEntries(Object.entries(replies).map(([status, reply]) => [status, describeReply(reply)])),
    },
    ...(route.isOpen ? { security: [] } : {}),
  };
}

function describeError(status: number, shape: ErrorName) {
  return { description: ERRORS[status] ?? '', content: { [JSON_TYPE]: named(shape) } };
}

function jsonContent(schema: JsonSchema): Content {
  return { [JSON_TYPE]: { schema } };
}

function describeReply({ description, schema, media = JSON_TYPE, events }: Reply) {
  const content: Content = {
    ...(schema ? { [media]: { schema: toSchema(schema, 'output') } } : {}),
    ...(!schema && media !== JSON_TYPE ? { [media]: { schema: { type: 'string' } } } : {}),
    ...(events ? { 'text/event-stream': named(events) } : {}),
  };
  return { description, ...(Object.keys(content).length > 0 ? { content } : {}) };
}

function describeParameters({
  params,
  query,
  queryHeaders = {},
  acceptsIdempotencyKey,
}: RouteDescription): Parameter[] {
  const inPath = listFields(params).map(([name, schema]) => ({ name, in: 'path' as const, required: true, schema }));
  const asked = listFields(query).flatMap(([name, schema]): Parameter[] => {
    const header = queryHeaders[name];
    return [
      { name, in: 'query', required: false, schema },
      ...(header
        ? [{ name: header, in: 'header' as const, required: false, description: `In place of \`${name}\`.`, schema }]
        : []),
    ];
  });
  const key: Parameter = {
    ...{ name: 'Idempotency-Key', in: 'header', required: false },
    schema: { type: 'string', maxLength: IDEMPOTENCY_KEY_LIMIT },
  };
  return [...inPath, ...asked, ...(acceptsIdempotencyKey ? [key] : [])];
}

function listFields(schema: z.ZodObject | undefined): [name: string, schema: JsonSchema][] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => [name, toSchema(field as z.ZodType, 'input')]);
}

const named = (name: ErrorName | FrameName) => ({ schema: { $ref: `#/components/schemas/${name}` } });
