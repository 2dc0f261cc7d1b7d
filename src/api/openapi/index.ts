/** `GET /openapi.json`, `GET /events.schema.json` and `GET /docs`: the API told to programs and to people. They need no key. */
import type Router from '@koa/router';
import { eventsSchema, openApiDocument } from './document';
import { PAGE_POLICY, toPage } from './page';

/** The addresses of these documents. */
export const DOCUMENTS = ['/openapi.json', '/events.schema.json', '/docs'];

/** `version` is the product's. */
export function addDocumentRoutes(router: Router, version: string): void {
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
