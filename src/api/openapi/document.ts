/** The API as an OpenAPI 3.1 document, made of the same schemas that parse its requests. */
import { z } from 'zod';
import { chatChunk, openAiError, teamFrame } from '../../contract/client-replies';
import { runEvent } from '../../contract/events';
import { frame } from '../../contract/frame-replies';
import { errorReply } from '../../contract/replies';
import { CLIENT_OPERATIONS } from './client-operations';
import { OPERATIONS, type ErrorName, type FrameName, type Operation, type Reply } from './operations';

type JsonSchema = Record<string, unknown>;

export interface OpenApiOperation {
  tags: string[];
  summary: string;
  parameters?: { name: string; in: string; required: boolean; schema: JsonSchema }[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, { description: string; content?: Content }>;
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
  404: 'There is no such thing.',
  409: 'It does not fit what is there: see the code.',
  413: 'The body is too large.',
  422: 'The model refused the content, or it is too long for it.',
  502: 'The gateway failed, also after other tries and models.',
  503: 'A part of the service is away, or a rate limit holds; try again.',
};
const JSON_TYPE = 'application/json';
const OF_EVERY_ROUTE = [400, 401, 503];

/** As callers send it (`input`), or as they get it (`output`). */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

/** `GET /events.schema.json`: JSON Schema 2020-12 of what stands in a run's stream. */
export function eventsSchema(): JsonSchema {
  return { title: 'Events of a run', ...z.toJSONSchema(runEvent) };
}

export function openApiDocument(version: string): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {};
  for (const operation of [...OPERATIONS, ...CLIENT_OPERATIONS])
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
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
        ...{ Error: schemaOf(errorReply, 'output'), OpenAiError: schemaOf(openAiError, 'output') },
        Frame: schemaOf(frame, 'output'),
        ...{ TeamFrame: schemaOf(teamFrame, 'output'), ChatChunk: schemaOf(chatChunk, 'output') },
        Event: schemaOf(runEvent, 'output'),
      } satisfies Record<ErrorName | FrameName | 'Event', JsonSchema>,
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer' },
        header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
    },
    // where no keys are configured, none are asked for
    security: [{}, { key: [] }, { header: [] }],
  };
}

function describe(operation: Operation): OpenApiOperation {
  const { tag, summary, body, replies, errors = [], error = 'Error' } = operation;
  const parameters = parametersOf(operation);
  const entries = Object.entries(replies).map(([status, reply]) => [status, replyOf(reply)] as const);
  const failures = [...OF_EVERY_ROUTE, ...errors].filter((status) => !(status in replies));
  return {
    tags: [tag],
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: { [JSON_TYPE]: { schema: schemaOf(body, 'input') } } } } : {}),
    responses: Object.fromEntries([
      ...entries,
      ...failures.map((status) => [
        status,
        { description: ERRORS[status] ?? '', content: { [JSON_TYPE]: named(error) } },
      ]),
    ]) as OpenApiOperation['responses'],
  };
}

function replyOf({ says, schema, media = JSON_TYPE, events }: Reply) {
  const content: Content = {
    ...(schema ? { [media]: { schema: schemaOf(schema, 'output') } } : {}),
    ...(!schema && media !== JSON_TYPE ? { [media]: { schema: { type: 'string' } } } : {}),
    ...(events ? { 'text/event-stream': named(events) } : {}),
  };
  return { description: says, ...(Object.keys(content).length > 0 ? { content } : {}) };
}

function parametersOf({ path, query, repeatable }: Operation) {
  const text = { type: 'string' };
  const places = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: text,
  }));
  const { properties = {} } = query ? schemaOf(query, 'input') : {};
  const asked = Object.entries(properties as Record<string, JsonSchema>).map(([name, schema]) => {
    return { name, in: 'query', required: false, schema };
  });
  const key = { name: 'Idempotency-Key', in: 'header', required: false, schema: { ...text, maxLength: 255 } };
  return [...places, ...asked, ...(repeatable ? [key] : [])];
}

const named = (name: ErrorName | FrameName) => ({ schema: { $ref: `#/components/schemas/${name}` } });
