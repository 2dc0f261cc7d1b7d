/** A declared route parses its input, names the invalid field, and writes the reply that its handler prepares. */
import type { AddressInfo, Server } from 'node:net';
import Koa from 'koa';
import { z } from 'zod';
import { replyWithErrors } from '../../src/api/errors';
import { openApiDocument } from '../../src/api/openapi/document';
import { parseBody } from '../../src/api/read-body';
import { writeOnce } from '../../src/api/routing/constant-replies';
import { defineRoute, type Route } from '../../src/api/routing/define-route';
import { createRouter } from '../../src/api/routing/router';
import type { Services } from '../../src/api/services';
import { createLog } from '../../src/log';

const about = { tag: 'Service', summary: 'Tested' } as const;
const text = { 200: { description: 'Received.', schema: z.looseObject({}) } } as const;

/** How often the constant document was written as JSON. */
let written = 0;
const constant = writeOnce({
  toJSON() {
    written++;
    return { always: 'the same' };
  },
});

const ROUTES: Route[] = [
  defineRoute({
    ...about,
    method: 'get',
    path: '/constant',
    replies: text,
    handle: ({ reply }) => reply(200, constant),
  }),
  defineRoute({
    ...about,
    method: 'get',
    path: '/things/{id}/{part}',
    params: z.object({ id: z.string(), part: z.enum(['head', 'tail']) }),
    query: z.object({ after: z.string().max(3).optional(), limit: z.coerce.number().int().default(7) }),
    queryHeaders: { after: 'Last-Event-ID' },
    replies: text,
    handle: ({ reply, params, query }) => reply(200, { params, query }),
  }),
  defineRoute({
    ...about,
    method: 'post',
    path: '/things',
    body: z.object({ name: z.string().trim().min(1), inner: z.object({ count: z.number() }).optional() }),
    replies: { 202: { description: 'Accepted.', schema: z.object({ name: z.string() }) } },
    handle: ({ reply, body: { name } }) => reply(202, { name }, { Location: `/things/${name}` }),
  }),
  defineRoute({
    ...about,
    method: 'get',
    path: '/feed',
    replies: { 200: { description: 'A feed.', schema: z.looseObject({}), media: 'application/feed+json' } },
    handle: ({ reply }) => reply(200, { a: 1 }),
  }),
  defineRoute({
    ...about,
    method: 'delete',
    path: '/things',
    replies: { 204: { description: 'Gone.' } },
    handle: ({ reply }) => reply(204),
  }),
  defineRoute({
    ...about,
    method: 'get',
    path: '/stream',
    replies: { 200: { description: 'Lines.', media: 'text/plain' } },
    handle({ ctx }) {
      ctx.body = 'written by the handler';
      return undefined;
    },
  }),
];

let server: Server;
let url: string;
beforeAll(async () => {
  const app = new Koa().use(replyWithErrors(createLog('api', 'silent'))).use(parseBody());
  server = await new Promise<Server>((resolve) => {
    const listening = app
      .use(createRouter(ROUTES, {} as Services).routes())
      .listen(0, '127.0.0.1', () => resolve(listening));
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const ask = (path: string, init?: RequestInit) => fetch(`${url}${path}`, init);
const post = (body: unknown) => ask('/things', { method: 'POST', body: JSON.stringify(body) });

test('parses path and query, with defaults', async () => {
  const reply = await ask('/things/a%2Fb/tail?after=x&more=1');
  expect(await reply.json()).toEqual({ params: { id: 'a/b', part: 'tail' }, query: { after: 'x', limit: 7 } });
});

test('a header replaces its query field, and wins over it', async () => {
  const reply = await ask('/things/a/head?after=x', { headers: { 'Last-Event-ID': 'y' } });
  expect(await reply.json()).toMatchObject({ query: { after: 'y' } });
});

test.each([
  ['/things/a/middle', 'part: '],
  ['/things/a/head?limit=many', 'limit: '],
])('names the invalid part of a URL: %s', async (path, start) => {
  const reply = await ask(path);
  const { error } = (await reply.json()) as { error: { code: string; message: string } };
  expect([reply.status, error.code]).toEqual([400, 'INVALID_FIELD']);
  expect(error.message.startsWith(start)).toBe(true);
});

test.each([
  [{}, 'name: '],
  [{ name: ' ' }, 'name: '],
  [{ name: 'x', inner: { count: 'one' } }, 'inner.count: '],
  [[], 'body: '],
])('names the invalid part of a body: %j', async (body, start) => {
  const reply = await post(body);
  const { error, detail } = (await reply.json()) as { error: { message: string }; detail: string };
  expect(reply.status).toBe(400);
  expect([error.message, detail]).toEqual([expect.stringContaining(start), error.message]);
});

test('the reply has the declared status, headers and media type', async () => {
  const accepted = await post({ name: ' x ' });
  expect([accepted.status, accepted.headers.get('location'), await accepted.json()]).toEqual([
    202,
    '/things/x',
    { name: 'x' },
  ]);
  const feed = await ask('/feed');
  expect(feed.headers.get('content-type')).toBe('application/feed+json');
  const gone = await ask('/things', { method: 'DELETE' });
  expect([gone.status, await gone.text()]).toEqual([204, '']);
  expect(await (await ask('/stream')).text()).toBe('written by the handler');
});

test('a document that never changes is written as JSON once, however often it is asked for', async () => {
  for (let times = 0; times < 3; times++) {
    const reply = await ask('/constant');
    expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await reply.json()).toEqual({ always: 'the same' });
  }
  expect(written).toBe(1);
});

test('the document contains path, query and header parameters, the body and all statuses', () => {
  const { paths } = openApiDocument(ROUTES, '1');
  const read = paths['/things/{id}/{part}']?.get;
  expect(read?.parameters?.map(({ name, in: place, required }) => [name, place, required])).toEqual([
    ['id', 'path', true],
    ['part', 'path', true],
    ['after', 'query', false],
    ['Last-Event-ID', 'header', false],
    ['limit', 'query', false],
  ]);
  const write = paths['/things']?.post;
  expect(write?.requestBody?.content['application/json']?.schema).toMatchObject({ required: ['name'] });
  expect(Object.keys(write?.responses ?? {})).toEqual(expect.arrayContaining(['202', '400', '413', '415', '500']));
  expect(Object.keys(paths['/things']?.delete?.responses['204'] ?? {})).toEqual(['description']);
});
