/** A turn that its run has stopped ends for readers with the run's reason, whether or not an attempt was still running. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ActivityCancellationDetails } from '@temporalio/common';
import type { Activities } from '../../src/activities';
import type { TurnRequest } from '../../src/contract';
import { newRequest } from './request';
import { attempt, createHarness, type Harness } from './harness';

const CUT_OFF = { code: 'CUT_OFF', message: 'Was not heard in time.' } as const;

let harness: Harness;
let worker: Activities;
beforeAll(async () => {
  harness = await createHarness();
  worker = await harness.worker([harness.model('first')]);
});
afterEach(() => harness.gateway.reset());
afterAll(() => harness.stop());

async function readText({ run_id, turn }: TurnRequest): Promise<string> {
  return (await harness.turns.texts(run_id, [turn]))[0] ?? '';
}

test('a running turn leaves the reason to its run, and its text and usage stay', async () => {
  harness.gateway.script('first', { tokens: { count: 3000 }, intervalMs: 5 });
  const request = newRequest({ reports_stop: true });
  const one = attempt(worker, request);
  while ((await readText(request)).length < 30) await sleep(5);
  one.env.cancel('CANCELLED', ActivityCancellationDetails.fromProto({ isCancelled: true }) as never);
  await one.failure();
  expect((await harness.story(request)).types).not.toContain('turn.failed');
  await worker.failTurn(request, CUT_OFF);
  const { find, text } = await harness.story(request);
  expect(text).toMatch(/^#0 #1 /);
  expect(find('turn.failed')).toMatchObject({ ...CUT_OFF, usage: { estimated: true } });
  expect(find('turn.failed').usage!.completion_tokens).toBeGreaterThan(5);
});

test('a turn that waits in the Temporal queue, without a worker, ends as well', async () => {
  harness.gateway.script('first', { status: 429, headers: { 'retry-after': '20' } } as never);
  const request = newRequest({ reports_stop: true });
  await attempt(worker, request).failure();
  await worker.failTurn(request, CUT_OFF);
  const { types, turn } = await harness.story(request);
  expect(types.at(-1)).toBe('turn.failed');
  expect(turn).toMatchObject({ status: 'failed', failure: CUT_OFF });
});

test('a finished turn keeps its answer', async () => {
  harness.gateway.script('first', { tokens: ['Done.'] });
  const request = newRequest({ reports_stop: true });
  await attempt(worker, request).result;
  await worker.failTurn(request, CUT_OFF);
  expect((await harness.story(request)).turn).toMatchObject({ status: 'completed', text: 'Done.' });
});

test('a turn that never began is not published', async () => {
  await expect(worker.failTurn(newRequest(), CUT_OFF)).resolves.toBeUndefined();
});
