/** `GET /runs`: newest start first, over open and ended runs, page by page. */
import { get, post } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
afterAll(() => stack.stop());

interface Listed {
  run_id: string;
  started_at: string;
  status: string;
}

async function start(message: string, wait: boolean): Promise<string> {
  const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message, wait });
  return body.run_id as string;
}

async function listAll(limit: number, between: () => Promise<unknown> = () => Promise.resolve()): Promise<Listed[]> {
  const listed: Listed[] = [];
  for (let page: string | null = ''; page !== null;) {
    const { body } = await get(`${stack.url}/runs?limit=${limit}${page && `&page=${page}`}`);
    listed.push(...(body.runs as Listed[]));
    page = body.next_page as string | null;
    await between();
  }
  return listed;
}

test('runs are ordered by start, and starts or ends between two pages neither repeat nor lose a run', async () => {
  const ids: string[] = [];
  // open runs are older than some ended runs, and newer than others
  for (const [i, kind] of ['quick', 'slow', 'quick', 'quick', 'slow', 'quick', 'quick'].entries()) {
    if (kind === 'slow') stack.gateway.script('balanced-model', { tokens: { count: 600 }, intervalMs: 100 });
    ids.unshift(await start(`${kind} ${i}`, kind === 'quick'));
    if (kind === 'slow') await stack.gateway.waitFor(() => stack.gateway.open() > 0);
  }
  await until(async () => (await listAll(100)).length === ids.length);
  await until(async () => (await listAll(100)).filter(({ status }) => status === 'running').length === 2);
  expect((await listAll(100)).map(({ run_id }) => run_id)).toEqual(ids);
  let cancelled = false;
  const listed = await listAll(2, async () => {
    if (cancelled) return;
    cancelled = true;
    await start('another', true);
    const running = (await get(`${stack.url}/runs?status=running`)).body.runs as Listed[];
    for (const { run_id } of running) await post(`${stack.url}/runs/${run_id}/cancel`, {});
    await until(async () => (await get(`${stack.url}/runs?status=running`)).body.runs.length === 0);
  });
  expect(listed.map(({ run_id }) => run_id)).toEqual(ids);
  const starts = (await listAll(3)).map(({ started_at }) => started_at);
  expect(starts).toEqual([...starts].sort().reverse());
});
