/** A run whose models stay rate limited yields a 503 with a retry delay, also if the reply names the run. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import pino from 'pino';
import { ApiError, replyWithErrors } from '../../src/api/errors';

it.each([{}, { run_id: 'r1', status: 'failed' }])('with %j in addition to the error', async (extra) => {
  const app = new Koa().use(replyWithErrors(pino({ level: 'silent' }))).use(() => {
    throw new ApiError('RATE_LIMITED', 'The gateway answered 429.', extra);
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const reply = await fetch(`http://127.0.0.1:${port}/`);
    expect([reply.status, Number(reply.headers.get('retry-after'))]).toEqual([503, 60]);
    expect(await reply.json()).toMatchObject({ error: { code: 'RATE_LIMITED' }, ...extra });
  } finally {
    server.close();
  }
});
