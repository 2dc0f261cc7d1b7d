/** The Temporal server of a start rejects everything that a web page posts to its HTTP API. */
import { temporalServerArgs } from '../../src/dev-stack/temporal-server';
import { freePort, start, type Running } from '../support/processes';
import { sendRaw, toRequest, type RawReply } from '../support/raw-http';
import { until } from '../support/stack';

/** A server that is still starting: gRPC's UNAVAILABLE, by its name or its code. */
const STARTING = /unavailable|"code":14\b/i;

let server: Running | undefined;
afterEach(() => server?.stop());

/** Returns the reply of the HTTP API to a request that needs no preflight. */
async function terminateByPage(args: string[]): Promise<RawReply> {
  const program = process.env.TEMPORAL_BIN ?? 'temporal';
  const port = await freePort();
  server = start(program, [...args, '--http-port', String(port)]);
  const body = toRequest(
    'POST /api/v1/namespaces/default/workflows/x/terminate',
    { Host: `127.0.0.1:${port}`, Origin: 'https://evil.test', 'Content-Type': 'text/plain' },
    '{"reason":"x"}',
  );
  return until(async () => {
    const reply = await sendRaw(`http://127.0.0.1:${port}`, body);
    return reply.status > 0 && !STARTING.test(reply.text) ? reply : undefined;
  });
}

test('its HTTP API rejects web pages; without the setting it executes their requests', async () => {
  const [first, second] = [await freePort(), await freePort()];
  expect((await terminateByPage(temporalServerArgs({ port: first }))).status).toBe(403);
  await server?.stop();
  const open = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(second)];
  expect((await terminateByPage(open)).text).toContain('workflow not found');
}, 120_000);
