/** The API documentation in a browser: it shows every route, sends requests, and loads nothing from other hosts. */
import type { OpenApiDocument } from '../../src/api/openapi/document';
import { get } from '../support/readers';
import { setScene } from './browser';

const scene = setScene();

test('it lists every route under its strict policy, and contacts no other host', async () => {
  const document = (await get(`${scene.stack.url}/openapi.json`)).body as OpenApiDocument;
  const { page, complaints, close } = await scene.visit('/docs');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.reload();
  await page.locator('.opblock').first().waitFor();
  const operations = Object.values(document.paths).flatMap((methods) => Object.keys(methods));
  expect(await page.locator('.opblock').count()).toBe(operations.length);
  expect(asked.filter((url) => !url.startsWith(scene.stack.url) && !url.startsWith('data:'))).toEqual([]);
  expect(complaints).toEqual([]);
  const policy = (await fetch(`${scene.stack.url}/docs`)).headers.get('content-security-policy');
  expect(policy).toMatch(/^default-src 'none'; script-src 'self' 'sha256-/);
  expect(policy).not.toContain('unsafe');
  await close();
});

test('a request can be sent from it', async () => {
  const { page, complaints, close } = await scene.visit('/docs');
  const operation = page.locator('.opblock', { has: page.locator('[data-path="/swarms"]') });
  await operation.locator('.opblock-summary-control').click();
  await operation.locator('button.execute').click();
  await operation.locator('.live-responses-table .response-col_status').first().waitFor();
  expect(await operation.locator('.live-responses-table').textContent()).toContain('one-voice');
  expect(complaints).toEqual([]);
  await close();
});

test('its files are cacheable, and other files are not served', async () => {
  const page = await (await fetch(`${scene.stack.url}/docs`)).text();
  const [, file = ''] = /src="([^"]+)"/.exec(page) ?? [];
  const response = await fetch(`${scene.stack.url}${file}`);
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'max-age=31536000,immutable']);
  expect(response.headers.get('content-type')).toContain('javascript');
  const other = await fetch(`${scene.stack.url}${file.replace(/[^/]+$/, 'package.json')}`);
  expect(other.status).toBe(404);
});
