/** Without scripted models: the embedded models answer, and their code is executed. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { freePort, start, type Running } from '../support/processes';
import { createStack, until, type Stack } from '../support/stack';
import { foldFrames, get, post, listTexts, Watcher } from '../support/readers';

const MODELS = process.env.MURMURATION_MODELS ?? '';
const MINUTES = 60_000;

let model: Running;
let stack: Stack;

beforeAll(async () => {
  if (!MODELS)
    throw new Error('MURMURATION_MODELS is not set: run this suite through `npm test`, which fetches the models.');
  const port = await freePort();
  const files = MODELS.split(',').flatMap((entry) => ['--model', entry]);
  model = start(process.execPath, [
    path.join(__dirname, '../../dist/local-model/main.js'),
    '--port',
    String(port),
    ...files,
  ]);
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/health`).catch(() => undefined))?.ok, 2 * MINUTES);
  // the model names are the product's defaults here
  const none = { MODEL_STRATEGIC: '', MODEL_CODING: '', MODEL_DEBATE_1: '', MODEL_DEBATE_2: '', MODEL_FAST: '' };
  stack = await createStack({ ...none, GATEWAYS: 'local', LOCAL_MODEL_URL: `${url}/v1` });
}, 4 * MINUTES);

afterAll(async () => {
  await stack?.stop();
  await model?.stop();
});

test(
  'the coding swarm writes a fibonacci function that gives 55 for 10',
  async () => {
    const message = 'Write a Python function to calculate fibonacci';
    const { status, body } = await post(`${stack.url}/swarm/execute`, {
      swarm_id: 'coding-swarm',
      message,
      temperature: 0,
    });
    expect(status).toBe(200);
    const code = /```python\n([\s\S]*?)```/.exec(body.responses[0])?.[1] ?? '';
    const name = /def (\w*fib\w*)\(/i.exec(code)?.[1];
    expect(name).toBeDefined();
    // first runs the program's own tests, under __main__, as a user would
    const output = execFileSync('python3', ['-I', '-'], {
      input: `${code}\nprint(${name}(10))\n`,
      timeout: 20_000,
      encoding: 'utf8',
    });
    expect(output.trim().split('\n').pop()).toBe('55');
    for (const turn of body.turns) {
      expect(turn.model).toBe('qwen2.5-coder-1.5b-instruct');
      expect(turn.usage.completion_tokens).toBeGreaterThan(0);
      expect(turn.cost_usd).toBe(0);
    }
  },
  12 * MINUTES,
);

test(
  'a debate of two different models streams by token, and its frames fold to the result',
  async () => {
    const watcher = await Watcher.connect(stack.url);
    watcher.send({ swarm_id: 'debate-swarm', message: 'Should we use Kubernetes?', max_tokens: 60 });
    const { run_id } = await watcher.done(undefined, 10 * MINUTES);
    const { body } = await get(`${stack.url}/runs/${run_id}`);
    expect(body.status).toBe('completed');
    const texts = listTexts(foldFrames(watcher.frames));
    // a response names its voice, and contains the opening before the last round
    body.answers.forEach((turn: string, i: number) => expect(body.responses[i]).toContain(texts[turn]!.trim()));
    expect(new Set(body.responses).size).toBe(4);
    const voices = body.turns.filter(({ turn }: { turn: string }) => turn !== 'summary');
    expect(new Set(voices.map((turn: { model: string }) => turn.model)).size).toBeGreaterThanOrEqual(2);
    const deltas = watcher.frames.filter(({ event, turn }) => event === 'turn.delta' && turn === 'optimistic');
    expect(deltas.length).toBeGreaterThan(40);
    watcher.close();
  },
  12 * MINUTES,
);

test(
  'the second question of a session refers to the first',
  async () => {
    const session_id = `memory-${Date.now()}`;
    const ask = (message: string) =>
      post(`${stack.url}/swarm/execute`, {
        swarm_id: 'one-voice',
        message,
        session_id,
        temperature: 0,
        max_tokens: 40,
      });
    await ask('My favourite number is 7421. Remember it.');
    const { body } = await ask('What is my favourite number? Answer with the number.');
    expect(body.responses[0]).toContain('7421');
  },
  6 * MINUTES,
);
