/** How often a turn may be attempted: as often as it must wait, and not as often as it dies. */
import { CASE_TEXT, cases } from '../support/scripted-gateway';
import type { Activities } from '../../src/activities';
import { newRequest } from './request';
import { attempt, createRig, type Rig } from './rig';

let rig: Rig;
let worker: Activities;
beforeAll(async () => {
  rig = await createRig();
  worker = await rig.worker([rig.model('first')]);
});
afterEach(() => rig.gateway.reset());
afterAll(() => rig.stop());

test('an attempt after thousands of waits is made as any other', async () => {
  rig.gateway.script('first', cases.normalStream);
  const { result } = attempt(worker, newRequest(), { attempt: 5000, heartbeatDetails: { waits: 4950 } });
  expect(await result).toMatchObject({ text: CASE_TEXT });
});

test.each([
  ['all', 101, undefined],
  ['some, and the others waits', 5000, { waits: 4899 }],
])(
  'a hundred attempts that died, of %s, are enough: no call is made, and no other attempt',
  async (_what, number, told) => {
    const dying = attempt(worker, newRequest(), { attempt: number, heartbeatDetails: told });
    expect(await dying.failure()).toMatchObject({ type: 'WORKER_LOST', nonRetryable: true });
    expect(rig.gateway.calls()).toEqual([]);
  },
);

test('one death less is not enough', async () => {
  rig.gateway.script('first', cases.normalStream);
  const { result } = attempt(worker, newRequest(), { attempt: 5000, heartbeatDetails: { waits: 4900 } });
  expect(await result).toMatchObject({ text: CASE_TEXT });
});

test('an attempt that ends in a wait is counted as one, and one that breaks off is not', async () => {
  const told = { attempt: 8, heartbeatDetails: { waits: 6 } };
  rig.gateway.script('first', cases.retryAfterTwoSeconds);
  const waiting = attempt(worker, newRequest(), told);
  const details: unknown[] = [];
  waiting.env.on('heartbeat', (one: unknown) => details.push(one));
  await waiting.failure();
  expect(details).toEqual([{ waits: 7 }]);

  rig.gateway.reset();
  rig.gateway.script('first', cases.invalidKey);
  const refused = attempt(worker, newRequest(), told);
  refused.env.on('heartbeat', (one: unknown) => details.push(one));
  await refused.failure();
  expect(details).toEqual([{ waits: 7 }]);
});
