/** A turn that takes several attempts: what was shown is continued, or taken back, and in the end the text is one. */
import type { Activities } from '../../src/activities';
import type { Continuation } from '../../src/contract/continuation';
import { estimateTokens } from '../../src/redis/window';
import { createChance } from '../support/chance';
import { CASE_TEXT, cases, type Reply } from '../support/scripted-gateway';
import { newRequest } from './request';
import { attempt, createRig, type Rig } from './rig';

let rig: Rig;
/** Goes on where a text stops. */
let continuing: Activities;
/** The same, where no other model could take over. */
let alone: Activities;
/** Begins anew. */
let forgetful: Activities;
/** Is told to go on. */
let instructed: Activities;

beforeAll(async () => {
  rig = await createRig();
  const modelsAt = (how: Continuation) => ['first', 'second'].map((name) => rig.model(name, { continues: () => how }));
  continuing = await rig.worker(modelsAt('prefill'));
  alone = await rig.worker(modelsAt('prefill').slice(0, 1));
  forgetful = await rig.worker(modelsAt('restart'));
  instructed = await rig.worker(modelsAt('instruct'));
});
afterEach(() => rig.gateway.reset());
afterAll(() => rig.stop());

const cutAfter = (at: number, reply: Reply): Reply => ({ ...reply, fault: { kind: 'cut', at } });
const messagesOf = (call: number) =>
  (rig.gateway.calls()[call]?.body as { messages: { role: string; content: string }[] }).messages;

describe('a model that can go on', () => {
  it('is given the text so far, says only the rest, and readers hear from where', async () => {
    const request = newRequest();
    rig.gateway.script('first', cases.cutAfterThreeTokens);
    expect(await attempt(continuing, request).failure()).toMatchObject({ type: 'STREAM_CUT' });
    const shown = 'A flock turns';
    expect((await rig.story(request)).text).toBe(shown);

    const result = await attempt(continuing, request).result;
    expect(messagesOf(1).at(-1)).toEqual({ role: 'assistant', content: shown });
    expect(messagesOf(1).slice(0, -1)).toEqual(messagesOf(0));
    expect(rig.gateway.calls()[1]).toMatchObject({ prefill: 'continued', textSent: ' as one.' });
    expect(result).toMatchObject({ text: CASE_TEXT, attempts: 2 });
    const { types, find, text } = await rig.story(request);
    expect(types).toEqual([
      ...['turn.started', 'turn.delta', 'turn.waiting'],
      ...['turn.resumed', 'turn.delta', 'turn.completed'],
    ]);
    expect(find('turn.resumed')).toMatchObject({ offset: shown.length, epoch: 2, model: 'first' });
    expect(text).toBe(CASE_TEXT);
  });

  it('gets no white space at the end of what it goes on from, and its repetition is not shown twice', async () => {
    const request = newRequest();
    const code: Reply = { tokens: ['def flock():', '\n', '    ', 'return', ' 🐦', '\n'] };
    rig.gateway.script('first', [cutAfter(3, code), code]);
    await attempt(continuing, request).failure();
    expect((await rig.story(request)).text).toBe('def flock():\n    ');
    const { text } = await attempt(continuing, request).result;
    expect(messagesOf(1).at(-1)?.content).toBe('def flock():');
    expect(text).toBe('def flock():\n    return 🐦\n');
    const { find } = await rig.story(request);
    expect(find('turn.resumed').offset).toBe('def flock():\n    '.length);
  });

  it.each([1, 2, 3])('adds up to the exact text, wherever the stream breaks (seed %i)', async (seed) => {
    const chance = createChance(seed);
    const whole = Array.from({ length: 120 }, () =>
      chance.pick(['word', ' ', '\n', '\n    ', '🐦', ' bird', '"', '.\n\n']),
    ).join('');
    const request = newRequest();
    const tokens = chance.pieces(whole, 4);
    for (let cuts = 0; cuts < 3; cuts++) {
      rig.gateway.script('first', cutAfter(1 + chance.below(10), { tokens, intervalMs: chance.below(3) }));
      await attempt(continuing, request).failure();
    }
    rig.gateway.script('first', { tokens });
    expect((await attempt(continuing, request).result).text).toBe(whole);
    expect((await rig.story(request)).text).toBe(whole);
  });

  it('is tried again as often as ever when it has come on since it was last cut off', async () => {
    const request = newRequest();
    const tokens = Array.from({ length: 120 }, (_, i) => `word ${i} `);
    for (let cuts = 0; cuts < 6; cuts++) {
      rig.gateway.script('first', cutAfter(cuts % 2 === 0 ? 40 : 0, { tokens }));
      const { nextRetryDelay } = await attempt(alone, request).failure();
      expect(nextRetryDelay).toBeLessThan(600);
    }
    rig.gateway.script('first', { tokens });
    expect((await attempt(alone, request).result).text).toBe(tokens.join(''));
  });

  it('ends its turn when it is cut off again and again with nothing gained', async () => {
    const request = newRequest();
    rig.gateway.always('first', cutAfter(1, { tokens: Array<string>(120).fill('word ') }));
    for (let tries = 0; tries < 3; tries++) await attempt(alone, request).failure();
    expect(await attempt(alone, request).failure()).toMatchObject({ type: 'STREAM_CUT', nonRetryable: true });
  });

  it('goes on from what another model has said', async () => {
    const request = newRequest();
    const gone = { code: 404, message: 'The model is gone', metadata: { error_type: 'not_found' } };
    rig.gateway.script('first', { ...cases.normalStream[0]!, fault: { kind: 'error', at: 2, error: gone } });
    rig.gateway.script('second', cases.normalStream);
    expect(await attempt(continuing, request).result).toMatchObject({ text: CASE_TEXT, model: 'second', attempts: 1 });
    const { types, find } = await rig.story(request);
    expect(types).toEqual([
      ...['turn.started', 'turn.delta', 'turn.rerouted'],
      ...['turn.resumed', 'turn.delta', 'turn.completed'],
    ]);
    expect(find('turn.resumed')).toMatchObject({ offset: 'A flock'.length, model: 'second', epoch: 1 });
  });

  it('may use only the tokens that are left, but at least one', async () => {
    const said = 'word '.repeat(20).trim();
    for (const [limit, left] of [
      [100, 100 - estimateTokens(said)],
      [10, 1],
    ] as const) {
      const request = newRequest({ options: { max_tokens: limit } });
      rig.gateway.script('first', [cutAfter(1, { tokens: [said, ' end'] }), { tokens: [said, ' end'] }]);
      await attempt(continuing, request).failure();
      await attempt(continuing, request).result;
      expect(rig.gateway.calls().at(-1)?.body).toMatchObject({ max_tokens: left });
    }
  });

  it('that has nothing to add leaves the text as it is', async () => {
    const request = newRequest();
    rig.gateway.script('first', [{ ...cases.normalStream[0]!, fault: { kind: 'cut', at: 'finish' }, finish: null }]);
    await attempt(continuing, request).failure();
    rig.gateway.script('first', cases.normalStream);
    expect((await attempt(continuing, request).result).text).toBe(CASE_TEXT);
    expect(rig.gateway.calls()[1]?.tokensSent).toBe(0);
    expect((await rig.story(request)).text).toBe(CASE_TEXT);
  });

  it('reports the use of the whole text as an estimate, for what the broken call used is not known', async () => {
    const request = newRequest();
    rig.gateway.script('first', cases.cutAfterThreeTokens);
    await attempt(continuing, request).failure();
    const { usage } = await attempt(continuing, request).result;
    expect(usage).toMatchObject({ estimated: true, completion_tokens: estimateTokens(CASE_TEXT) });
  });
});

describe('a model that cannot go on', () => {
  it('begins anew: readers drop what they have, and only the new text counts', async () => {
    const request = newRequest();
    rig.gateway.script('first', [cutAfter(3, { tokens: ['Once ', 'upon ', 'a time', '.'] }), cases.normalStream[0]!]);
    await attempt(forgetful, request).failure();
    expect((await rig.story(request)).text).toBe('Once upon a time');
    const result = await attempt(forgetful, request).result;
    expect(messagesOf(1)).toEqual(messagesOf(0));
    expect(result).toMatchObject({ text: CASE_TEXT, attempts: 2 });
    expect(result.usage.estimated).toBeUndefined();
    const { types, find, text } = await rig.story(request);
    expect(types).toEqual([
      ...['turn.started', 'turn.delta', 'turn.waiting'],
      ...['turn.restarted', 'turn.delta', 'turn.completed'],
    ]);
    expect(find('turn.restarted')).toMatchObject({ dropped: 'Once upon a time'.length, epoch: 2, model: 'first' });
    expect(find('turn.completed').length).toBe(CASE_TEXT.length);
    expect(text).toBe(CASE_TEXT);
  });

  it('may restart again and again', async () => {
    const request = newRequest();
    const tokens = ['a', 'b', 'c', '🐦'];
    rig.gateway.script('first', [
      cutAfter(1, { tokens }),
      cutAfter(2, { tokens }),
      cutAfter(3, { tokens }),
      { tokens },
    ]);
    for (let tries = 0; tries < 3; tries++) await attempt(forgetful, request).failure();
    expect((await attempt(forgetful, request).result).text).toBe('abc🐦');
    const { events } = await rig.story(request);
    const dropped = events.flatMap((event) => (event.type === 'turn.restarted' ? [event.dropped] : []));
    expect(dropped).toEqual([1, 2, 3]);
  });
});

it.each(['continuing', 'forgetful'])(
  'an attempt of which nothing was shown is followed by neither a resumption nor a restart (%s)',
  async (kind) => {
    const request = newRequest();
    const worker = kind === 'continuing' ? continuing : forgetful;
    rig.gateway.script('first', [cutAfter(0, {}), cases.normalStream[0]!]);
    await attempt(worker, request).failure();
    expect((await attempt(worker, request).result).text).toBe(CASE_TEXT);
    expect((await rig.story(request)).types).toEqual(['turn.started', 'turn.waiting', 'turn.delta', 'turn.completed']);
  },
);

describe('a model that is told to go on', () => {
  const long: Reply = { tokens: { count: 40 } };
  const whole = Array.from({ length: 40 }, (_, i) => `#${i} `).join('');

  it('repeats the last words, which are not shown twice, and says the rest', async () => {
    const request = newRequest();
    rig.gateway.script('first', [cutAfter(20, long), long]);
    await attempt(instructed, request).failure();
    const shown = (await rig.story(request)).text;
    expect((await attempt(instructed, request).result).text).toBe(whole);
    const { find, text, types } = await rig.story(request);
    expect(find('turn.resumed')).toMatchObject({ offset: shown.length, how: 'instruct' });
    expect(types).not.toContain('turn.restarted');
    expect(text).toBe(whole);
    expect(rig.gateway.calls()[1]?.tokensSent).toBeLessThan(40);
    expect(messagesOf(1).at(-2)).toEqual({ role: 'assistant', content: shown.trimEnd() });
  });

  it('but begins anew is found out: readers drop what they have, and the turn starts over with the same model', async () => {
    const request = newRequest();
    // it falls silent until it is hung up on: else a slow machine may hear all of it first
    const anew: Reply = { ...long, continuesPrefill: false, fault: { kind: 'hang', at: 30 } };
    rig.gateway.script('first', [cutAfter(20, long), anew, long]);
    await attempt(instructed, request).failure();
    expect((await attempt(instructed, request).result).text).toBe(whole);
    const { types, text } = await rig.story(request);
    expect(types.slice(-4)).toEqual(['turn.resumed', 'turn.restarted', 'turn.delta', 'turn.completed']);
    expect(text).toBe(whole);
    expect(await rig.gateway.waitFor(() => rig.gateway.calls()[1]?.endedBy)).toBe('client-closed');
    expect(messagesOf(2)).toEqual(messagesOf(0));
  });

  it('but refuses such a conversation starts over, and no other model is asked', async () => {
    const request = newRequest();
    const refused: Reply = { status: 400, body: { error: { message: 'The final message must be from the user.' } } };
    rig.gateway.script('first', [cutAfter(20, long), refused, long]);
    await attempt(instructed, request).failure();
    expect(await attempt(instructed, request).result).toMatchObject({ text: whole, model: 'first' });
    expect((await rig.story(request)).text).toBe(whole);
  });

  it('with too little to prove the place by begins anew', async () => {
    const request = newRequest();
    rig.gateway.script('first', [cutAfter(2, long), long]);
    await attempt(instructed, request).failure();
    expect((await attempt(instructed, request).result).text).toBe(whole);
    expect((await rig.story(request)).types).toContain('turn.restarted');
  });
});
