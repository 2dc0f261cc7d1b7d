/** The page at `/docs`: Swagger UI for the OpenAPI document. All its files come from this server; it contacts no other host. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { send } from '@koa/send';
import type { Middleware } from 'koa';

const PACKAGE = path.dirname(require.resolve('swagger-ui-dist/package.json'));
const { version } = JSON.parse(readFileSync(path.join(PACKAGE, 'package.json'), 'utf8')) as { version: string };
/** The version is part of the path, so that browsers may cache the files. */
const ASSETS = `/docs/assets/${version}`;
const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];
const YEAR_SECONDS = 365 * 24 * 3600;

/**
 * Without a validator: the default one is a service on the internet. Without deep links: they put a link inside each button, which keyboard
 * users cannot reach.
 */
const SCRIPT = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#viewer',
  tryItOutEnabled: true,
  displayRequestDuration: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});`;
/** Darker than Swagger UI's default colours, which have too little contrast (WCAG 2.2, 1.4.3). */
const STYLE = `
body { margin: 0; }
.swagger-ui .info .title small { background: #4a5160; }
.swagger-ui .info .title small.version-stamp { background: #3d5c00; }
.swagger-ui .info .link .url, .swagger-ui .info a { color: #1f5fb0; }
.swagger-ui .opblock.opblock-get .opblock-summary-method { background: #1b5fa8; }
.swagger-ui .opblock.opblock-post .opblock-summary-method { background: #1b6e45; }
.swagger-ui .opblock.opblock-delete .opblock-summary-method { background: #b3261e; }
.swagger-ui .btn.authorize { color: #1b6e45; }
`;
const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Restricts scripts, resources and requests of the page to this server. */
export const VIEWER_POLICY = [
  "default-src 'none'",
  `script-src 'self' ${hash(SCRIPT)}`,
  `style-src 'self' ${hash(STYLE)}`,
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const VIEWER_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Murmuration: API</title>
    <link rel="stylesheet" href="${ASSETS}/swagger-ui.css">
    <link rel="icon" type="image/png" href="${ASSETS}/favicon-32x32.png">
    <style>${STYLE}</style>
  </head>
  <body>
    <div id="viewer"></div>
    <script src="${ASSETS}/swagger-ui-bundle.js"></script>
    <script>${SCRIPT}</script>
  </body>
</html>
`;

/** Serves the files of the page; no key is needed. */
export function serveViewer(): Middleware {
  return async function viewer(ctx, next) {
    const file = FILES.find((name) => ctx.path === `${ASSETS}/${name}`);
    if (!file || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
    ctx.set('Cache-Control', `max-age=${YEAR_SECONDS},immutable`);
    await send(ctx, file, { root: PACKAGE });
  };
}
