/** A turn with several attempts: published text is continued or retracted, and the final text is consistent. */
import type { Activities } from '../../src/activities';
import type { Continuation } from '../../src/contract/continuation';
import { estimateTokens } from '../../src/redis/conversation-window';
import { createChance } from '../support/chance';
import { CASE_TEXT, cases, type Reply } from '../support/scripted-gateway';
import { newRequest } from './request';
import { attempt, createHarness, type Harness } from './harness';

let harness: Harness;
/** Continues where a text stops (`prefill`). */
let continuing: Activities;
/** The same, without another model to fall back to. */
let alone: Activities;
/** Starts over (`restart`). */
let forgetful: Activities;
/** A model that an instruction makes continue (`instruct`). */
let instructed: Activities;

beforeAll(async () => {
  harness = await createHarness();
  const modelsAt = (how: Continuation) =>
    ['first', 'second'].map((name) => harness.model(name, { continues: () => how }));
  continuing = await harness.worker(modelsAt('prefill'));
  alone = await harness.worker(modelsAt('prefill').slice(0, 1));
  forgetful = await harness.worker(modelsAt('restart'));
  instructed = await harness.worker(modelsAt('instruct'));
});
afterEach(() => harness.gateway.reset());
afterAll(() => harness.stop());

const cutAfter = (at: number, reply: Reply): Reply => ({ ...reply, fault: { kind: 'cut', at } });
const listMessages = (call: number) =>
  (harness.gateway.calls()[call]?.body as { messages: { role: string; content: string }[] }).messages;

describe('a model that can continue', () => {
  it('receives the text so far, produces only the rest, and readers receive the offset', async () => {
    const request = newRequest();
    harness.gateway.script('first', cases.cutAfterThreeTokens);
    expect(await attempt(continuing, request).failure()).toMatchObject({ type: 'STREAM_CUT' });
    const shown = 'A flock turns';
    expect((await harness.story(request)).text).toBe(shown);

    const result = await attempt(continuing, request).result;
    expect(listMessages(1).at(-1)).toEqual({ role: 'assistant', content: shown });
    expect(listMessages(1).slice(0, -1)).toEqual(listMessages(0));
    expect(harness.gateway.calls()[1]).toMatchObject({ prefill: 'continued', textSent: ' as one.' });
    expect(result).toMatchObject({ text: CASE_TEXT, attempts: 2 });
    const { types, find, text } = await harness.story(request);
    expect(types).toEqual([
      ...['turn.started', 'turn.delta', 'turn.waiting'],
      ...['turn.resumed', 'turn.delta', 'turn.completed'],
    ]);
    expect(find('turn.resumed')).toMatchObject({ offset: shown.length, epoch: 2, model: 'first' });
    expect(text).toBe(CASE_TEXT);
  });

  it('receives the text without trailing white space, and its repetition is not published twice', async () => {
    const request = newRequest();
    const code: Reply = { tokens: ['def flock():', '\n', '    ', 'return', ' 🐦', '\n'] };
    harness.gateway.script('first', [cutAfter(3, code), code]);
    await attempt(continuing, request).failure();
    expect((await harness.story(request)).text).toBe('def flock():\n    ');
    const { text } = await attempt(continuing, request).result;
    expect(listMessages(1).at(-1)?.content).toBe('def flock():');
    expect(text).toBe('def flock():\n    return 🐦\n');
    const { find } = await harness.story(request);
    expect(find('turn.resumed').offset).toBe('def flock():\n    '.length);
  });

  it.each([1, 2, 3])('produces the exact text, wherever the stream breaks (seed %i)', async (seed) => {
    const chance = createChance(seed);
    const whole = Array.from({ length: 120 }, () =>
      chance.pick(['word', ' ', '\n', '\n    ', '🐦', ' bird', '"', '.\n\n']),
    ).join('');
    const request = newRequest();
    const tokens = chance.pieces(whole, 4);
    for (let cuts = 0; cuts < 3; cuts++) {
      harness.gateway.script('first', cutAfter(1 + chance.below(10), { tokens, intervalMs: chance.below(3) }));
      await attempt(continuing, request).failure();
    }
    harness.gateway.script('first', { tokens });
    expect((await attempt(continuing, request).result).text).toBe(whole);
    expect((await harness.story(request)).text).toBe(whole);
  });

  it('gets the full number of retries again after it has made progress', async () => {
    const request = newRequest();
    const tokens = Array.from({ length: 120 }, (_, i) => `word ${i} `);
    for (let cuts = 0; cuts < 6; cuts++) {
      harness.gateway.script('first', cutAfter(cuts % 2 === 0 ? 40 : 0, { tokens }));
      const { nextRetryDelay } = await attempt(alone, request).failure();
      expect(nextRetryDelay).toBeLessThan(600);
    }
    harness.gateway.script('first', { tokens });
    expect((await attempt(alone, request).result).text).toBe(tokens.join(''));
  });

  it('fails the turn if it is cut off repeatedly without progress', async () => {
    const request = newRequest();
    harness.gateway.always('first', cutAfter(1, { tokens: Array<string>(120).fill('word ') }));
    for (let tries = 0; tries < 3; tries++) await attempt(alone, request).failure();
    expect(await attempt(alone, request).failure()).toMatchObject({ type: 'STREAM_CUT', nonRetryable: true });
  });

  it('continues the text of another model', async () => {
    const request = newRequest();
    const gone = { code: 404, message: 'The model is gone', metadata: { error_type: 'not_found' } };
    harness.gateway.script('first', { ...cases.normalStream[0]!, fault: { kind: 'error', at: 2, error: gone } });
    harness.gateway.script('second', cases.normalStream);
    expect(await attempt(continuing, request).result).toMatchObject({ text: CASE_TEXT, model: 'second', attempts: 1 });
    const { types, find } = await harness.story(request);
    expect(types).toEqual([
      ...['turn.started', 'turn.delta', 'turn.rerouted'],
      ...['turn.resumed', 'turn.delta', 'turn.completed'],
    ]);
    expect(find('turn.resumed')).toMatchObject({ offset: 'A flock'.length, model: 'second', epoch: 1 });
  });

  it('may use only the remaining tokens, but at least one', async () => {
    const published = 'word '.repeat(20).trim();
    for (const [limit, left] of [
      [100, 100 - estimateTokens(published)],
      [10, 1],
    ] as const) {
      const request = newRequest({ options: { max_tokens: limit } });
      harness.gateway.script('first', [cutAfter(1, { tokens: [published, ' end'] }), { tokens: [published, ' end'] }]);
      await attempt(continuing, request).failure();
      await attempt(continuing, request).result;
      expect(harness.gateway.calls().at(-1)?.body).toMatchObject({ max_tokens: left });
    }
  });

  it('with nothing to add leaves the text unchanged', async () => {
    const request = newRequest();
    harness.gateway.script('first', [
      { ...cases.normalStream[0]!, fault: { kind: 'cut', at: 'finish' }, finish: null },
    ]);
    await attempt(continuing, request).failure();
    harness.gateway.script('first', cases.normalStream);
    expect((await attempt(continuing, request).result).text).toBe(CASE_TEXT);
    expect(harness.gateway.calls()[1]?.tokensSent).toBe(0);
    expect((await harness.story(request)).text).toBe(CASE_TEXT);
  });

  it('reports an estimated usage of the whole text, because the usage of the broken call is unknown', async () => {
    const request = newRequest();
    harness.gateway.script('first', cases.cutAfterThreeTokens);
    await attempt(continuing, request).failure();
    const { usage } = await attempt(continuing, request).result;
    expect(usage).toMatchObject({ estimated: true, completion_tokens: estimateTokens(CASE_TEXT) });
  });
});

describe('a model that cannot continue', () => {
  it('starts over: readers drop the earlier text, and only the new text counts', async () => {
    const request = newRequest();
    harness.gateway.script('first', [
      cutAfter(3, { tokens: ['Once ', 'upon ', 'a time', '.'] }),
      cases.normalStream[0]!,
    ]);
    await attempt(forgetful, request).failure();
    expect((await harness.story(request)).text).toBe('Once upon a time');
    const result = await attempt(forgetful, request).result;
    expect(listMessages(1)).toEqual(listMessages(0));
    expect(result).toMatchObject({ text: CASE_TEXT, attempts: 2 });
    expect(result.usage.estimated).toBeUndefined();
    const { types, find, text } = await harness.story(request);
    expect(types).toEqual([
      ...['turn.started', 'turn.delta', 'turn.waiting'],
      ...['turn.restarted', 'turn.delta', 'turn.completed'],
    ]);
    expect(find('turn.restarted')).toMatchObject({ dropped: 'Once upon a time'.length, epoch: 2, model: 'first' });
    expect(find('turn.completed').length).toBe(CASE_TEXT.length);
    expect(text).toBe(CASE_TEXT);
  });

  it('may restart repeatedly', async () => {
    const request = newRequest();
    const tokens = ['a', 'b', 'c', '🐦'];
    harness.gateway.script('first', [
      cutAfter(1, { tokens }),
      cutAfter(2, { tokens }),
      cutAfter(3, { tokens }),
      { tokens },
    ]);
    for (let tries = 0; tries < 3; tries++) await attempt(forgetful, request).failure();
    expect((await attempt(forgetful, request).result).text).toBe('abc🐦');
    const { events } = await harness.story(request);
    const dropped = events.flatMap((event) => (event.type === 'turn.restarted' ? [event.dropped] : []));
    expect(dropped).toEqual([1, 2, 3]);
  });
});

it.each(['continuing', 'forgetful'])(
  'after an attempt without published text there is neither a resumption nor a restart (%s)',
  async (kind) => {
    const request = newRequest();
    const worker = kind === 'continuing' ? continuing : forgetful;
    harness.gateway.script('first', [cutAfter(0, {}), cases.normalStream[0]!]);
    await attempt(worker, request).failure();
    expect((await attempt(worker, request).result).text).toBe(CASE_TEXT);
    expect((await harness.story(request)).types).toEqual([
      'turn.started',
      'turn.waiting',
      'turn.delta',
      'turn.completed',
    ]);
  },
);

describe('a model that is told to continue', () => {
  const long: Reply = { tokens: { count: 40 } };
  const whole = Array.from({ length: 40 }, (_, i) => `#${i} `).join('');

  it('repeats the last words, which are not published twice, and produces the rest', async () => {
    const request = newRequest();
    harness.gateway.script('first', [cutAfter(20, long), long]);
    await attempt(instructed, request).failure();
    const shown = (await harness.story(request)).text;
    expect((await attempt(instructed, request).result).text).toBe(whole);
    const { find, text, types } = await harness.story(request);
    expect(find('turn.resumed')).toMatchObject({ offset: shown.length, how: 'instruct' });
    expect(types).not.toContain('turn.restarted');
    expect(text).toBe(whole);
    expect(harness.gateway.calls()[1]?.tokensSent).toBeLessThan(40);
    expect(listMessages(1).at(-2)).toEqual({ role: 'assistant', content: shown.trimEnd() });
  });

  it('but starts over is detected: readers drop the text, and the turn restarts with the same model', async () => {
    const request = newRequest();
    // it pauses until it is disconnected: otherwise a slow machine may receive all of it first
    const anew: Reply = { ...long, continuesPrefill: false, fault: { kind: 'hang', at: 30 } };
    harness.gateway.script('first', [cutAfter(20, long), anew, long]);
    await attempt(instructed, request).failure();
    expect((await attempt(instructed, request).result).text).toBe(whole);
    const { types, text } = await harness.story(request);
    expect(types.slice(-4)).toEqual(['turn.resumed', 'turn.restarted', 'turn.delta', 'turn.completed']);
    expect(text).toBe(whole);
    expect(await harness.gateway.waitFor(() => harness.gateway.calls()[1]?.endedBy)).toBe('client-closed');
    expect(listMessages(2)).toEqual(listMessages(0));
  });

  it('but refuses such a request starts over, and no other model is asked', async () => {
    const request = newRequest();
    const refused: Reply = { status: 400, body: { error: { message: 'The final message must be from the user.' } } };
    harness.gateway.script('first', [cutAfter(20, long), refused, long]);
    await attempt(instructed, request).failure();
    expect(await attempt(instructed, request).result).toMatchObject({ text: whole, model: 'first' });
    expect((await harness.story(request)).text).toBe(whole);
  });

  it('with too short a text to identify the place starts over', async () => {
    const request = newRequest();
    harness.gateway.script('first', [cutAfter(2, long), long]);
    await attempt(instructed, request).failure();
    expect((await attempt(instructed, request).result).text).toBe(whole);
    expect((await harness.story(request)).types).toContain('turn.restarted');
  });
});
