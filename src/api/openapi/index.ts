/** `GET /openapi.json`, `GET /events.schema.json` and `GET /docs`: the API told to programs and to people. They need no key. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type Router from '@koa/router';
import { eventsSchema, openApiDocument } from './document';
import { PAGE_POLICY, toPage } from './page';

const { version } = JSON.parse(readFileSync(path.join(__dirname, '../../../package.json'), 'utf8')) as {
  version: string;
};

/** The addresses of these documents. */
export const DOCUMENTS = ['/openapi.json', '/events.schema.json', '/docs'];

export function addDocumentRoutes(router: Router): void {
  const document = openApiDocument(version);
  const events = eventsSchema();
  const page = toPage(document);

  router.get('/openapi.json', (ctx) => void (ctx.body = document));
  router.get('/events.schema.json', (ctx) => void (ctx.body = events));
  router.get('/docs', (ctx) => {
    ctx.set('Content-Security-Policy', PAGE_POLICY);
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('Referrer-Policy', 'no-referrer');
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = page;
  });
}
