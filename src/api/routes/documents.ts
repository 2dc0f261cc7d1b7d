/** `GET /openapi.json`, `GET /events.schema.json` and `GET /docs`: the API documentation for programs and for people. They need no key. */
import { z } from 'zod';
import { eventsSchema, openApiDocument } from '../openapi/document';
import { VIEWER_PAGE, VIEWER_POLICY } from '../openapi/viewer';
import { writeOnce } from '../routing/constant-replies';
import { defineRoute, type Route } from '../routing/define-route';
import { VERSION } from '../version';

const anything = z.looseObject({});
const document = { method: 'get', tag: 'Service', isOpen: true } as const;

/** The document describes `others` and these routes. */
export function defineDocumentRoutes(others: readonly Route[]): Route[] {
  let made: Record<string, unknown> | undefined;
  const openApiRoute: Route = defineRoute({
    ...document,
    path: '/openapi.json',
    summary: 'This document',
    replies: { 200: { description: 'OpenAPI 3.1; it needs no key.', schema: anything } },
    handle: ({ reply }) => reply(200, (made ??= writeOnce({ ...openApiDocument([...others, ...own], VERSION) }))),
  });
  const own: Route[] = [openApiRoute, eventsSchemaRoute, viewerRoute];
  return own;
}

const schemaOfEvents = writeOnce(eventsSchema());
const eventsSchemaRoute = defineRoute({
  ...document,
  path: '/events.schema.json',
  summary: "JSON Schema of a run's events",
  replies: { 200: { description: 'What stands in its stream; it needs no key.', schema: anything } },
  handle: ({ reply }) => reply(200, schemaOfEvents),
});

const viewerRoute = defineRoute({
  ...document,
  path: '/docs',
  summary: 'This document as a page, from which requests can be sent',
  replies: { 200: { description: 'It needs no key, the requests do.', media: 'text/html' } },
  handle: ({ reply }) => reply(200, VIEWER_PAGE, { 'Content-Security-Policy': VIEWER_POLICY }),
});
