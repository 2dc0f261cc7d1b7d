/** A turn whose model emits thinking, refuses, produces no text or does not end: the events, and the retries. */
import type { Activities } from '../../src/activities';
import type { Continuation } from '../../src/contract/continuation';
import { MOST_TEXT_BYTES } from '../../src/gateway/reading';
import { CASE_TEXT, cases, type Reply } from '../support/scripted-gateway';
import { newRequest } from './request';
import { attempt, createHarness, type Harness } from './harness';

let harness: Harness;
let worker: Activities;
/** A model that an instruction makes continue where a text stops (`instruct`). */
let instructed: Activities;
/** Continues where a text stops (`prefill`). */
let continuing: Activities;

beforeAll(async () => {
  harness = await createHarness();
  const modelsAt = (how: Continuation) =>
    ['first', 'second'].map((name) => harness.model(name, { continues: () => how }));
  worker = await harness.worker(modelsAt('restart'));
  instructed = await harness.worker(modelsAt('instruct'));
  continuing = await harness.worker(modelsAt('prefill'));
});
afterEach(() => harness.gateway.reset());
afterAll(() => harness.stop());

const good = cases.normalStream[0]!;
const frame = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
const calls = () => harness.gateway.calls().map(({ model }) => model);
const limits = () => harness.gateway.calls().map(({ body }) => (body as { max_tokens: number }).max_tokens);
const thinking = ['<thi', 'nk>\nThey want', ' "for".\n', 'VERDICT: REVISE\n</thi', 'nk>\n', '\n'];
const published = ['A flock', ' turns', ' as one', '.'];

describe('thinking inside the text', () => {
  it('is separated from it, and published in separate events', async () => {
    const request = newRequest();
    harness.gateway.always('first', { tokens: [...thinking, ...published] });
    expect(await attempt(worker, request).result).toMatchObject({ text: CASE_TEXT });
    const { types, events, turn, text } = await harness.story(request);
    expect(text).toBe(CASE_TEXT);
    expect(new Set(types)).toEqual(new Set(['turn.started', 'turn.thinking', 'turn.delta', 'turn.completed']));
    expect(turn.thinking?.trim()).toBe('They want "for".\nVERDICT: REVISE');
    expect(events.find(({ type }) => type === 'turn.delta')).toMatchObject({ offset: 0 });
  });

  it.each(['reasoning', 'reasoning_content'])('and thinking in the field %s are published alike', async (field) => {
    const request = newRequest();
    const raw = [
      { after: 0, text: frame({ [field]: 'They want' }) },
      { after: 0, text: frame({ [field]: ' "for".' }) },
    ];
    harness.gateway.always('first', { ...good, raw });
    await attempt(worker, request).result;
    expect((await harness.story(request)).turn).toMatchObject({ text: CASE_TEXT, thinking: 'They want "for".' });
  });

  it('of an attempt that breaks off in its middle is replaced by that of the next', async () => {
    const request = newRequest();
    const reply: Reply = { tokens: [...thinking, ...published] };
    harness.gateway.script('first', [{ ...reply, fault: { kind: 'cut', at: 3 } }, reply]);
    await attempt(instructed, request).failure();
    expect(await harness.story(request)).toMatchObject({ text: '', turn: { thinking: 'They want "for".\n' } });
    expect(await attempt(instructed, request).result).toMatchObject({ text: CASE_TEXT });
    const { turn, types } = await harness.story(request);
    expect(turn.thinking?.trim()).toBe('They want "for".\nVERDICT: REVISE');
    expect(types).not.toContain('turn.restarted');
  });

  it.each<[string, () => Activities]>([
    ['continues', () => continuing],
    ['is told to go on', () => instructed],
    ['begins anew', () => worker],
  ])('of an attempt that breaks off after it is not in the text of the next, which %s', async (_, activities) => {
    const request = newRequest();
    const reply: Reply = { tokens: [...thinking, ...published] };
    harness.gateway.script('first', [{ ...reply, fault: { kind: 'cut', at: 8 } }, { tokens: published }]);
    await attempt(activities(), request).failure();
    expect((await harness.story(request)).text).toBe('A flock turns');
    expect((await attempt(activities(), request).result).text).toBe(CASE_TEXT);
    expect((await harness.story(request)).text).toBe(CASE_TEXT);
  });

  it('may precede the words that a model was told to repeat', async () => {
    const request = newRequest();
    const repeated = ['<think>I go on.</think>', 'A flock turns', ' as one', '.'];
    harness.gateway.script('first', [
      { tokens: published, fault: { kind: 'cut', at: 2 } },
      { tokens: repeated, continuesPrefill: false },
    ]);
    await attempt(instructed, request).failure();
    expect((await attempt(instructed, request).result).text).toBe(CASE_TEXT);
    expect((await harness.story(request)).turn).toMatchObject({ text: CASE_TEXT, thinking: 'I go on.' });
  });

  it('with only an end mark is retracted from readers', async () => {
    const request = newRequest();
    harness.gateway.always('first', {
      tokens: ['They want', ' "for".\n', '</think>', '\n\n', ...published],
      intervalMs: 20,
    });
    expect((await attempt(worker, request).result).text).toBe(CASE_TEXT);
    const { find, turn } = await harness.story(request);
    expect(find('turn.restarted')).toMatchObject({ why: 'thinking', model: 'first' });
    expect(turn).toMatchObject({ text: CASE_TEXT, thinking: 'They want "for".\n' });
  });

  it('with only an end mark is also retracted from the text of an earlier attempt', async () => {
    const request = newRequest();
    const reply: Reply = { tokens: ['They want', ' "for" or', ' "against".\n', '</think>', '\n\n', ...published] };
    harness.gateway.script('first', [{ ...reply, fault: { kind: 'cut', at: 2 } }, reply]);
    await attempt(continuing, request).failure();
    expect((await harness.story(request)).text).toBe('They want "for" or');
    expect((await attempt(continuing, request).result).text).toBe(CASE_TEXT);
    expect((await harness.story(request)).turn).toMatchObject({
      text: CASE_TEXT,
      thinking: 'They want "for" or "against".\n',
    });
  });

  it('and nothing else is not an answer: the model is asked once more, then the next one', async () => {
    const request = newRequest();
    harness.gateway.always('first', { tokens: ['<think>', 'Hm. Against.'] });
    harness.gateway.always('second', good);
    expect(await attempt(worker, request).failure()).toMatchObject({ type: 'STREAM_CUT' });
    expect(await attempt(worker, request).result).toMatchObject({ text: CASE_TEXT });
    expect(calls()).toEqual(['first', 'first', 'second']);
  });
});

describe('content in parts', () => {
  const parts = [
    { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] },
    { type: 'text', text: 'A flock' },
  ];
  const rest = [
    { type: 'reference', reference_ids: [1] },
    { type: 'text', text: ' turns as one.' },
  ];

  it('is joined in a stream', async () => {
    const request = newRequest();
    const raw = [parts, rest].map((content) => ({ after: 0, text: frame({ content }) }));
    harness.gateway.always('first', { tokens: [], raw });
    expect((await attempt(worker, request).result).text).toBe(CASE_TEXT);
    expect((await harness.story(request)).turn.thinking).toBe('Hm.');
  });

  it('is joined in an answer that is not streamed', async () => {
    const request = newRequest();
    const message = { role: 'assistant', content: [...parts, ...rest] };
    harness.gateway.always('first', { status: 200, body: { choices: [{ index: 0, message, finish_reason: 'stop' }] } });
    expect((await attempt(worker, request).result).text).toBe(CASE_TEXT);
  });

  it.each([5, { a: 1 }, [{ type: 'text' }], [5]])('that cannot be parsed (%j) is not an answer', async (content) => {
    const request = newRequest();
    harness.gateway.always('first', { ...good, raw: [{ after: 2, text: frame({ content }) }] });
    expect(await attempt(worker, request).failure()).toMatchObject({ type: 'STREAM_CUT' });
  });
});

describe('a model that refuses', () => {
  it.each<[string, Reply]>([
    [
      'in a stream',
      { tokens: [], raw: ['I cannot', ' help.'].map((refusal) => ({ after: 0, text: frame({ refusal }) })) },
    ],
    [
      'in an answer that comes whole',
      {
        status: 200,
        body: { choices: [{ message: { content: null, refusal: 'I cannot help.' }, finish_reason: 'stop' }] },
      },
    ],
    [
      'as a part',
      { tokens: [], raw: [{ after: 0, text: frame({ content: [{ type: 'refusal', refusal: 'I cannot help.' }] }) }] },
    ],
  ])('%s is paid once, and its refusal is quoted', async (_, reply) => {
    const request = newRequest();
    harness.gateway.always('first', reply);
    const failure = await attempt(worker, request).failure();
    expect(failure).toMatchObject({ type: 'CONTENT_REFUSED', nonRetryable: true });
    expect(failure.message).toContain('I cannot help.');
    expect(calls()).toEqual(['first']);
  });
});

describe('an answer without visible text', () => {
  it.each([['\n', ' \n'], ['\u200b\ufeff'], ['\u00a0\t']])('(%j) is not an answer', async (...tokens) => {
    const request = newRequest();
    harness.gateway.script('first', { tokens });
    harness.gateway.always('first', good);
    expect(await attempt(worker, request).failure()).toMatchObject({ type: 'STREAM_CUT' });
    expect((await attempt(worker, request).result).text).toBe(CASE_TEXT);
  });
});

describe('thinking that uses up the limit', () => {
  const exhausted: Reply = { tokens: ['<think>', 'Hm.'], finish: 'length' };

  it('leads to one more call with a larger limit, in the same attempt', async () => {
    const request = newRequest();
    harness.gateway.script('first', [exhausted, good]);
    expect((await attempt(worker, request).result).text).toBe(CASE_TEXT);
    expect(limits()).toEqual([2000, 8000]);
    expect((await harness.story(request)).find('turn.waiting').reason).toBe('MAX_TOKENS_REACHED');
  });

  it.each<[string, Reply]>([
    ['aloud', exhausted],
    ['in silence', { tokens: [], finish: 'length' }],
    ['in a field', { tokens: [], finish: 'length', raw: [{ after: 0, text: frame({ reasoning: 'Hm.' }) }] }],
  ])('%s twice, with every model, fails with the limit to raise', async (_, reply) => {
    const request = newRequest();
    for (const model of ['first', 'second']) harness.gateway.always(model, reply);
    const failure = await attempt(worker, request).failure();
    expect(failure).toMatchObject({ type: 'MAX_TOKENS_REACHED', nonRetryable: true });
    expect(failure.message).toContain('raise max_tokens');
    expect(calls()).toEqual(['first', 'first', 'second', 'second']);
    expect(limits()).toEqual([2000, 8000, 2000, 8000]);
  });

  it('does not matter if there is text', async () => {
    const request = newRequest();
    harness.gateway.always('first', { tokens: [...thinking, ...published], finish: 'length' });
    expect(await attempt(worker, request).result).toMatchObject({ text: CASE_TEXT, truncated: true });
  });
});

describe('an answer that is too long', () => {
  it('is cut at a bound, which is reported, and the upstream call is closed', async () => {
    const request = newRequest();
    const tokens = Array.from({ length: 60 }, () => 'ä\n'.repeat(25_000));
    harness.gateway.always('first', { tokens });
    const result = await attempt(worker, request).result;
    expect(result).toMatchObject({ bounded: true, truncated: true, finish_reason: 'length' });
    // a text of this length is sent to the workflow in parts
    const { text, find } = await harness.story(request);
    expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThanOrEqual(MOST_TEXT_BYTES + 2);
    expect(tokens.join('').startsWith(text)).toBe(true);
    expect(text.length).toBeGreaterThan(MOST_TEXT_BYTES / 3);
    expect(find('turn.completed')).toMatchObject({ bounded: true, truncated: true });
  });
});
