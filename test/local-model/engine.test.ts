import { createEngine, type ModelEngine } from '../../src/local-model/engine';
import type { GenerationRequest } from '../../src/local-model/chat-request';
import type { GenerationStep } from '../../src/local-model/generation';
import { createScriptedModel, type ScriptedModelOptions, type ScriptedModel } from './scripted-model';

const STORY = 'one two three: four';

function createTestEngine(options: Partial<ScriptedModelOptions> = {}, queueLimit = 256) {
  const model: ScriptedModel = createScriptedModel({ answer: () => STORY, ...options });
  return { model, engine: createEngine(model, { queueLimit }) };
}

function ask(text: string, more: Partial<GenerationRequest> = {}): GenerationRequest {
  const messages = [{ role: 'user' as const, text }];
  return { messages, temperature: 0, topP: 1, seed: 1, stop: [], maxTokens: undefined, ...more };
}

function continueFrom(text: string, more: Partial<GenerationRequest> = {}): GenerationRequest {
  return ask('', {
    messages: [
      { role: 'user', text: 'Tell' },
      { role: 'assistant', text },
    ],
    ...more,
  });
}

async function collect(steps: AsyncIterable<GenerationStep>) {
  const texts: string[] = [];
  for await (const step of steps) {
    if (step.kind === 'end') return { text: texts.join(''), texts, ...step };
    texts.push(step.text);
  }
  throw new Error('no end step');
}

function run(engine: ModelEngine, request: GenerationRequest, signal = new AbortController().signal) {
  return collect(engine.submit(request, signal));
}

/** Takes one step and leaves the rest unread. */
async function firstStep(steps: AsyncIterable<GenerationStep>): Promise<unknown> {
  return (await steps[Symbol.asyncIterator]().next()).value;
}

const nextTurns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('an answer arrives token by token and ends with stop and its usage', async () => {
  const { engine, model } = createTestEngine();
  const answer = await run(engine, ask('Tell'));
  expect(answer.texts).toEqual(Array.from(STORY));
  expect(answer.finishReason).toBe('stop');
  const promptTokens = model.tokenize('SuserNTellENSassistantN').length;
  expect(answer.usage).toEqual({ promptTokens, completionTokens: STORY.length, cachedTokens: 0 });
});

test('a token limit ends the answer with length', async () => {
  const { engine } = createTestEngine();
  const answer = await run(engine, ask('Tell', { maxTokens: 3 }));
  expect(answer).toMatchObject({ text: 'one', finishReason: 'length', usage: { completionTokens: 3 } });
});

test('a stop string ends the answer with stop', async () => {
  const { engine } = createTestEngine();
  expect(await run(engine, ask('Tell', { stop: [' three'] }))).toMatchObject({ text: 'one two', finishReason: 'stop' });
});

test('a full context ends the answer with length, and the slot is usable afterwards', async () => {
  const { engine } = createTestEngine({ contextLength: 40, slots: 1, answer: () => 'x'.repeat(1_000) });
  const answer = await run(engine, ask('Tell'));
  expect(answer.finishReason).toBe('length');
  expect(answer.usage.promptTokens + answer.usage.completionTokens).toBe(40);
  expect((await run(engine, ask('Tell'))).text).toBe(answer.text);
});

test('a prompt that does not fit the context is rejected', () => {
  const { engine } = createTestEngine({ contextLength: 64 });
  const { signal } = new AbortController();
  const refusal = expect.objectContaining({ code: 'context_length_exceeded', param: 'messages' }) as Error;
  expect(() => engine.submit(ask('x'.repeat(64)), signal)).toThrow(refusal);
  expect(() => engine.submit(ask('x'.repeat(1_000_000)), signal)).toThrow(refusal);
});

describe('continuing a cut answer', () => {
  const words = ['one', ' two', ' three', ':\n\n', ': ', 'four', 'th', ' t'];
  const answer = 'one two three:\n\nfour 🦜 four';

  const characters = Array.from(answer);
  const cuts = characters.map((_, index) => characters.slice(0, index + 1).join(''));

  test.each(cuts)('after %j gives exactly the rest', async (uncleanCut) => {
    const { engine } = createTestEngine({ words, answer: () => answer });
    const cut = uncleanCut.trimEnd();
    expect(cut + (await run(engine, continueFrom(cut))).text).toBe(answer);
  });

  test('drawn tokens fit the joint at any temperature', async () => {
    const { engine } = createTestEngine({ words, answer: () => answer });
    const { text } = await run(engine, continueFrom('one tw', { temperature: 1, maxTokens: 1 }));
    expect(['o', 'o three']).toContain(text);
  });

  test('counts only tokens that are new', async () => {
    const { engine } = createTestEngine({ words, answer: () => answer });
    const whole = await run(engine, continueFrom('one'));
    expect(whole.usage.completionTokens).toBe(
      createScriptedModel({ words, answer: () => '' }).tokenize(answer).length - 1,
    );
  });

  test('an unlikely text is also continued', async () => {
    const { engine } = createTestEngine({ answer: (prompt) => `${prompt.length}` });
    expect((await run(engine, continueFrom('☃', { maxTokens: 2 }))).finishReason).toBe('length');
  });
});

test('parallel answers share batches', async () => {
  const { engine, model } = createTestEngine({ slots: 3 });
  const answers = await Promise.all(['a', 'b', 'c'].map((text) => run(engine, ask(text))));
  expect(answers.map(({ text }) => text)).toEqual([STORY, STORY, STORY]);
  expect(model.seen.mostAtOnce).toBe(3);
});

test('a long prompt is evaluated in pieces, smaller ones while another answer streams', async () => {
  const { engine, model } = createTestEngine({ slots: 2, answer: () => 'x'.repeat(200) });
  const long = ask('y'.repeat(500), { maxTokens: 1 });
  await run(engine, long);
  expect(Math.max(...model.seen.fed)).toBe(64);
  model.seen.fed.length = 0;
  const streaming = run(engine, ask('Tell'));
  await nextTurns(3);
  await Promise.all([streaming, run(engine, { ...long, messages: [{ role: 'user', text: 'z'.repeat(500) }] })]);
  expect(Math.max(...model.seen.fed)).toBeLessThanOrEqual(32);
});

test('a prompt with the same start as an earlier one is evaluated from where they differ', async () => {
  const { engine, model } = createTestEngine({ slots: 2 });
  const first = await run(engine, ask('Once upon a time'));
  await run(engine, ask('Something else', { messages: [{ role: 'system', text: 'S' }] }));
  model.seen.evaluated = 0;
  const second = await run(engine, ask('Once upon a midnight'));
  expect(second.usage.cachedTokens).toBe(model.tokenize('SuserNOnce upon a ').length);
  expect(first.usage.cachedTokens).toBe(0);
  expect(model.seen.evaluated).toBe(second.usage.promptTokens - second.usage.cachedTokens + STORY.length);
});

test('a prompt with the same start as one in progress copies its evaluated tokens', async () => {
  const { engine, model } = createTestEngine({ slots: 3, answer: () => 'x'.repeat(50) });
  await run(engine, ask('Something else', { messages: [{ role: 'system', text: 'S' }] }));
  const first = run(engine, ask('Once upon a time'));
  await nextTurns(10);
  const others = await Promise.all(['time', 'midnight'].map((end) => run(engine, ask(`Once upon a ${end}`))));
  const whole = model.tokenize('SuserNOnce upon a timeENSassistantN').length;
  expect(others.map(({ usage }) => usage.cachedTokens)).toEqual([
    whole - 1,
    model.tokenize('SuserNOnce upon a ').length,
  ]);
  expect([(await first).text, ...others.map(({ text }) => text)]).toEqual(Array(3).fill('x'.repeat(50)));
});

test('a slot keeps a long text if a prompt shares only its start with it', async () => {
  const { engine, model } = createTestEngine({ slots: 2 });
  const long = `You are a helpful assistant. ${'y'.repeat(300)}`;
  await run(engine, ask(long));
  const other = await run(engine, ask('You are a helpful assistant. What is one and one?'));
  expect(other.usage.cachedTokens).toBe(model.tokenize('SuserNYou are a helpful assistant. ').length);
  expect((await run(engine, ask(long))).usage.cachedTokens).toBeGreaterThan(300);
});

test('a long prompt is not starved by shorter ones that keep arriving', async () => {
  const { engine } = createTestEngine({ slots: 3, answer: () => 'x' });
  let isDone = false;
  const long = run(engine, ask('y'.repeat(600))).then(() => (isDone = true));
  let served = 0;
  const keepAsking = async (sign: string) => {
    for (; !isDone && served < 200; served++) await run(engine, ask(`${served}${sign.repeat(100)}`));
  };
  await Promise.all([long, keepAsking('a'), keepAsking('b')]);
  expect(served).toBeLessThan(40);
});

test('requests beyond the slots wait and are served in order', async () => {
  const { engine } = createTestEngine({ slots: 1 });
  const served: string[] = [];
  const names = ['a', 'b', 'c', 'd'];
  await Promise.all(names.map((name) => run(engine, ask(name)).then(() => served.push(name))));
  expect(served).toEqual(names);
});

test('requests beyond the queue are rejected', async () => {
  const { engine } = createTestEngine({ slots: 1 }, 1);
  const running = run(engine, ask('a'));
  await nextTurns(2);
  const queued = run(engine, ask('b'));
  expect(() => engine.submit(ask('c'), new AbortController().signal)).toThrow(
    expect.objectContaining({ code: 'rate_limit_exceeded' }) as Error,
  );
  expect((await Promise.all([running, queued])).map(({ text }) => text)).toEqual([STORY, STORY]);
});

test('a reader that leaves frees its slot within one token', async () => {
  const { engine, model } = createTestEngine({ slots: 1, answer: () => 'x'.repeat(500) });
  const reader = new AbortController();
  await firstStep(engine.submit(ask('a'), reader.signal));
  reader.abort();
  const evaluated = model.seen.evaluated;
  await nextTurns(5);
  expect(model.seen.evaluated - evaluated).toBeLessThanOrEqual(1);
  expect((await run(engine, ask('b', { maxTokens: 1 }))).text).toBe('x');
});

test('a reader that leaves during its prompt stops the evaluation of the prompt', async () => {
  const { engine, model } = createTestEngine({ slots: 1 });
  const reader = new AbortController();
  const lost = run(engine, ask('x'.repeat(3_000)), reader.signal);
  await nextTurns(3);
  reader.abort();
  await expect(lost).rejects.toThrow();
  expect(model.seen.evaluated).toBeLessThan(500);
});

test('a waiting request whose reader left is dropped and its place is free', async () => {
  const { engine, model } = createTestEngine({ slots: 1 }, 1);
  const running = run(engine, ask('a'));
  await nextTurns(2);
  const reader = new AbortController();
  const lost = run(engine, ask('lost '.repeat(50)), reader.signal);
  reader.abort();
  await expect(lost).rejects.toThrow();
  await Promise.all([running, run(engine, ask('b'))]);
  expect(model.seen.evaluated).toBeLessThan(150);
});

test('a failed evaluation fails its request, and the slot is usable afterwards', async () => {
  const { engine, model } = createTestEngine({ slots: 1 });
  model.failing = true;
  await expect(run(engine, ask('a'))).rejects.toMatchObject({ code: 'internal_error' });
  model.failing = false;
  expect((await run(engine, ask('a'))).text).toBe(STORY);
});

test('stopping aborts running and waiting requests and rejects new ones', async () => {
  const { engine } = createTestEngine({ slots: 1, answer: () => 'x'.repeat(500) });
  const broken = [run(engine, ask('a')), run(engine, ask('b'))].map((answer) =>
    expect(answer).rejects.toMatchObject({ code: 'model_unavailable' }),
  );
  await nextTurns(3);
  await engine.stop();
  await Promise.all(broken);
  expect(() => engine.submit(ask('c'), new AbortController().signal)).toThrow(
    expect.objectContaining({ code: 'model_unavailable' }) as Error,
  );
});
