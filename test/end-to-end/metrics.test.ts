import { createStack, until, type Stack } from '../support/stack';
import { freePort } from '../support/processes';
import { post } from '../support/readers';

let stack: Stack;
let workerPort: number;
beforeAll(async () => {
  workerPort = await freePort();
  stack = await createStack({ WORKER_METRICS_PORT: String(workerPort) });
});
afterAll(() => stack.stop());

const scrape = async (url: string) => (await fetch(`${url}/metrics`)).text();
const readSample = (text: string, name: string, ...labels: string[]) =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.split(' ').pop()), 0);

test('cost, tokens, times and waits of turns are counted once, and survive the worker', async () => {
  const worker = () => scrape(`http://127.0.0.1:${workerPort}`);
  const by = ['gen_ai_response_model="balanced-model"', 'swarm="one-voice"'];
  const before = await scrape(stack.url);
  stack.gateway.script('balanced-model', [
    { status: 503, body: { error: { code: 503, message: 'busy' } } },
    { tokens: { count: 30 }, costUsd: 0.25 },
  ]);
  const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Count' });
  const own = await worker();
  expect(readSample(own, 'murmuration_cost_usd_total', ...by)).toBeCloseTo(body.cost_usd, 9);
  expect(readSample(own, 'murmuration_tokens_total', ...by, 'gen_ai_token_type="output"')).toBe(
    body.usage.completion_tokens,
  );
  expect(readSample(own, 'gen_ai_client_operation_duration_seconds_count', ...by)).toBe(1);
  expect(readSample(own, 'gen_ai_client_operation_time_to_first_chunk_seconds_count', ...by)).toBe(1);
  expect(readSample(own, 'murmuration_turn_waits_total', ...by)).toBe(1);
  await stack.worker.stop();
  const after = await scrape(stack.url);
  const more = (name: string, ...labels: string[]) =>
    readSample(after, name, ...by, ...labels) - readSample(before, name, ...by, ...labels);
  expect(more('murmuration_cost_usd_total')).toBeCloseTo(body.cost_usd, 6);
  expect(more('gen_ai_client_token_usage_bucket', 'le="+Inf"', 'gen_ai_token_type="output"')).toBe(1);
  expect(readSample(after, 'murmuration_runs_started_total', 'swarm="one-voice"')).toBe(1);
  await until(async () =>
    readSample(await scrape(stack.url), 'http_server_request_duration_seconds_count', 'http_route="/swarm/execute"'),
  );
});
