/** Debates cancelled at random moments, from before the first token to after the last voice; number: `CANCELS` (default 20). */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { createChance } from '../support/chance';
import { get, post, Watcher } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

const CANCELS = Number(process.env.CANCELS ?? 20);
const AT_ONCE = 10;
/** A debate at this pace streams for about three seconds. */
const SPOKEN = { tokens: { count: 40 }, intervalMs: 20, firstTokenMs: 50 };
const WITHIN_MS = 2500;
const SEED = 7;

let stack: Stack;
let connection: Connection;
beforeAll(async () => {
  stack = await createStack();
  connection = await Connection.connect({ address: process.env.TEMPORAL_TEST_ADDRESS! });
});
afterAll(async () => {
  await connection.close();
  await stack.stop();
});

interface Ending {
  /** Time from the cancel request to the end of the run's last upstream call; 0 if none was open. */
  closedAfterMs: number;
  statuses: unknown[];
  callsAfter: number;
}

async function cancelOne(marker: string, afterMs: number): Promise<Ending> {
  const order = { swarm_id: 'debate-swarm', message: `Shall we, ${marker}?`, wait: false };
  const { body } = await post(`${stack.url}/swarm/execute`, order);
  const runId = (body as { run_id: string }).run_id;
  const watcher = await Watcher.connect(stack.url);
  watcher.send({ run_id: runId });
  await sleep(afterMs);
  const calls = () => stack.gateway.calls().filter(({ body: sent }) => JSON.stringify(sent).includes(marker));
  const cancelledAt = Date.now();
  await post(`${stack.url}/runs/${runId}/cancel`, {});
  const last = await watcher.done(runId, 30_000);
  watcher.close();
  await until(() => calls().every(({ endedAt }) => endedAt !== undefined));
  const status = await until(async () => {
    const { name } = (await new Client({ connection }).workflow.getHandle(runId).describe()).status;
    return name === 'RUNNING' ? undefined : name;
  });
  const api = (await get(`${stack.url}/runs/${runId}`)).body.status as string;
  return {
    closedAfterMs: Math.max(0, ...calls().map(({ endedAt = 0 }) => endedAt - cancelledAt)),
    statuses: [last.event, api, status],
    // a call that was being sent when the cancellation arrived may still reach the gateway
    callsAfter: calls().filter(({ at }) => at > cancelledAt + 1000).length,
  };
}

test(
  `${CANCELS} cancels at random moments: correct endings, sockets closed within a second, and no call afterwards`,
  async () => {
    const chance = createChance(SEED);
    for (const model of ['optimistic-model', 'cautious-model', 'balanced-model', 'strategic-model'])
      stack.gateway.always(model, SPOKEN);
    const endings: Ending[] = [];
    while (endings.length < CANCELS) {
      const batch = Array.from({ length: Math.min(AT_ONCE, CANCELS - endings.length) }, (_, i) =>
        cancelOne(`number ${endings.length + i}.`, chance.below(WITHIN_MS)),
      );
      endings.push(...(await Promise.all(batch)));
    }
    const slowest = endings.map(({ closedAfterMs }) => closedAfterMs).sort((a, b) => b - a);
    if (process.env.CANCELS)
      process.stderr.write(`closed after ms, slowest first: ${slowest.slice(0, 10).map(Math.round)}\n`);
    expect(slowest[Math.floor(CANCELS / 100)]).toBeLessThan(1000);
    expect(endings.map(({ callsAfter }) => callsAfter)).toEqual(endings.map(() => 0));
    // a late cancel finds the run ended, as all three sources then report
    for (const { statuses } of endings)
      expect([
        ['run.cancelled', 'cancelled', 'CANCELLED'],
        ['run.completed', 'completed', 'COMPLETED'],
      ]).toContainEqual(statuses);
    expect(endings.filter(({ statuses }) => statuses[1] === 'cancelled').length).toBeGreaterThan(CANCELS / 2);
    expect(stack.gateway.open()).toBeLessThanOrEqual(1);
  },
  CANCELS * 10_000,
);
