// The simulator as a separate process, scripted and read over HTTP.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { cases, readSequence } from './scripted-gateway';
import { createClient, stream } from './scripted-gateway-clients';
import { compileHook, spawnScriptedGateway, type SpawnedGateway } from './scripted-gateway/spawn';

// A process compiles its sources when it starts, which takes seconds on a busy machine.

let gateway: SpawnedGateway;

beforeAll(async () => {
  gateway = await spawnScriptedGateway();
});
afterEach(() => gateway.reset());
afterAll(() => gateway.stop());

it('plays scripts sent as JSON, and returns its log', async () => {
  await gateway.send({
    script: { m: cases.serverErrorOnce },
    always: { m: { tokens: { count: 500 } } },
    when: [{ match: { model: 'n', lastMessageIncludes: 'starlings' }, reply: { tokens: ['rule'] } }],
    defaultReply: { tokens: ['default'] },
  });
  const client = createClient(gateway.url);
  expect((await stream(client, 'm')).error).toMatchObject({ status: 500 });
  expect((await stream(client, 'm')).text).toBe('A flock turns as one.');
  expect(readSequence((await stream(client, 'm')).text, { expected: 500 })).toMatchObject({
    lost: [],
    repeated: [],
    stray: '',
  });
  expect((await stream(client, 'n')).text).toBe('rule');
  expect((await stream(client, 'other')).text).toBe('default');
  const log = await gateway.requests('m');
  expect(log.map(({ status, tokensSent, endedBy }) => [status, tokensSent, endedBy])).toEqual([
    [500, 0, 'completed'],
    [200, 6, 'completed'],
    [200, 500, 'completed'],
  ]);
  await gateway.reset();
  expect(await gateway.requests()).toEqual([]);
  expect((await stream(client, 'other')).text).toBe('Hello from upstream.');
});

it('shows open requests and a client that leaves', async () => {
  await gateway.send({ script: { m: cases.slowStream } });
  const abort = new AbortController();
  const seen = stream(createClient(gateway.url), 'm', { signal: abort.signal });
  await gateway.waitFor(([call]) => (call?.tokensSent ?? 0) > 0);
  expect(await gateway.open()).toBe(1);
  abort.abort();
  await seen;
  const call = await gateway.waitFor(([first]) => first?.endedBy && first);
  expect(call).toMatchObject({ endedBy: 'client-closed', usage: { completionTokens: call.tokensSent } });
  expect(await gateway.open()).toBe(0);
});

it('reports errors in a script', async () => {
  // cspell:ignore tokkens
  const wrong = { script: { m: [{ tokkens: ['x'] }] } };
  await expect(gateway.send(wrong as never)).rejects.toThrow(/400.*tokkens/s);
});

it('ends when the process that started it is killed', async () => {
  const spawnFile = JSON.stringify(require.resolve('./scripted-gateway/spawn'));
  const program = `${compileHook()} require(${spawnFile}).spawnScriptedGateway().then(({ pid }) => console.log(pid))`;
  const parent = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  for (const until = Date.now() + 10_000; isAlive(pid) && Date.now() < until;) await delay(20);
  expect(isAlive(pid)).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
