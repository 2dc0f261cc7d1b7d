/** What a session remembers, and how much of that a run receives. */
import { contextKey, sessionKey, sessionMemoryKey, sessionRunsKey } from '../../src/redis/keys';
import type { RedisConnection } from '../../src/redis/connect';
import type { SessionContext, SessionMessage } from '../../src/contract';
import { createMemory, type Memory } from '../../src/redis/memory';
import { estimateTokens, takeNewest } from '../../src/redis/conversation-window';
import { createTestRedis, type TestRedis } from '../support/redis';
import { newScope } from './fixtures';
import { createChance } from '../support/chance';

const TTL_SECONDS = 1000;
let server: TestRedis;
let redis: RedisConnection;
let memory: Memory;

beforeAll(async () => {
  server = await createTestRedis();
  redis = server.connect();
  memory = createMemory(redis, { windowTokens: 100, ttlSeconds: TTL_SECONDS });
});
afterAll(() => server.stop());

function exchange(question: string, answer: string, run_id = 'run'): SessionMessage[] {
  const common = { run_id, team_id: 'debate-swarm', at: 1 };
  return [
    { role: 'user', content: question, ...common },
    { role: 'assistant', content: answer, ...common },
  ];
}
const contents = (messages: SessionMessage[] | undefined) => messages?.map(({ content }) => content);

describe('storing', () => {
  it('keeps the messages of successive runs in order and unchanged', async () => {
    const { session_id } = newScope();
    const published = [exchange('one? 🐦', 'One.\n', 'r1'), exchange('two?', 'Two.', 'r2')];
    await memory.storeConversation(session_id, 'r1', published[0]!);
    await memory.storeConversation(session_id, 'r2', published[1]!);
    expect((await memory.readSession(session_id))?.messages).toEqual(published.flat());
  });

  it('stores a run once, however often and with whatever messages it is repeated', async () => {
    const { session_id } = newScope();
    await memory.storeConversation(session_id, 'r1', exchange('q', 'first'));
    await Promise.all([1, 2, 3].map(() => memory.storeConversation(session_id, 'r1', exchange('q', 'again'))));
    expect(contents((await memory.readSession(session_id))?.messages)).toEqual(['q', 'first']);
  });

  it('loses nothing of two runs that end at once, and keeps each exchange together', async () => {
    const { session_id } = newScope();
    const runs = Array.from({ length: 40 }, (_, n) => `r${n}`);
    const stores = [memory, createMemory(server.connect(), { windowTokens: 100, ttlSeconds: TTL_SECONDS })];
    await Promise.all(
      runs.map((run, n) => stores[n % 2]!.storeConversation(session_id, run, exchange(`q ${run}`, `a ${run}`, run))),
    );
    const messages = (await memory.readSession(session_id))?.messages ?? [];
    expect(messages).toHaveLength(80);
    expect(new Set(messages.map(({ run_id }) => run_id))).toEqual(new Set(runs));
    for (let i = 0; i < 80; i += 2) expect(messages.slice(i, i + 2)).toMatchObject(readExchange(messages[i]!.run_id));
    function readExchange(run: string) {
      return [{ content: `q ${run}` }, { content: `a ${run}` }];
    }
  });

  it('drops the oldest beyond a thousand messages', async () => {
    const { session_id } = newScope();
    const old = Array.from({ length: 499 }, (_, n) => exchange(`q${n}`, `a${n}`)).flat();
    await memory.storeConversation(session_id, 'r1', old);
    await memory.storeConversation(session_id, 'r2', exchange('q499', 'a499'));
    await memory.storeConversation(session_id, 'r3', exchange('q500', 'a500'));
    const kept = contents((await memory.readSession(session_id))?.messages) ?? [];
    expect(kept).toHaveLength(1000);
    expect([kept[0], kept.at(-1)]).toEqual(['q1', 'a500']);
  });

  it('resets the TTL with each run, for the messages and for the set of runs', async () => {
    const { session_id } = newScope();
    const keys = [sessionKey, sessionRunsKey, sessionMemoryKey].map((key) => key(session_id));
    await memory.storeConversation(session_id, 'r1', exchange('q', 'a'));
    await Promise.all(keys.map((key) => redis.expire(key, 10)));
    expect((await memory.readSession(session_id))?.expiresInSeconds).toBeLessThanOrEqual(10);
    await memory.storeConversation(session_id, 'r2', exchange('q', 'a'));
    expect((await memory.readSession(session_id))?.expiresInSeconds).toBeGreaterThan(TTL_SECONDS - 10);
    for (const key of keys) {
      expect(await redis.ttl(key)).toBeGreaterThan(TTL_SECONDS - 10);
      expect(await redis.ttl(key)).toBeLessThanOrEqual(TTL_SECONDS);
    }
  });

  it('returns nothing for an unknown session', async () => {
    const { session_id } = newScope();
    expect(await memory.readSession(session_id)).toBeUndefined();
    expect(await memory.getContext(session_id)).toEqual({ summary: '', messages: [] });
  });
});

describe('the window', () => {
  const tokens = (count: number, letter = 'x') => letter.repeat(count * 4);

  it('contains the newest messages that fit, oldest first', () => {
    const messages = [
      ...exchange('oldest', tokens(30)),
      ...exchange(tokens(20), tokens(20)),
      ...exchange('new', 'newest'),
    ];
    expect(takeNewest(messages, 50)).toEqual(messages.slice(2));
    expect(takeNewest(messages, 1000)).toEqual(messages);
    expect(takeNewest([], 50)).toEqual([]);
  });

  it('is exact to the token: what just fits is included, one more is not', () => {
    const messages = [...exchange(tokens(10), tokens(10)), ...exchange(tokens(10), tokens(10))];
    expect(takeNewest(messages, 40)).toEqual(messages);
    expect(takeNewest(messages, 39)).toEqual(messages.slice(2));
  });

  it('never starts with an answer whose question was dropped', () => {
    const messages = [...exchange(tokens(20), tokens(20)), ...exchange(tokens(10), tokens(10))];
    expect(takeNewest(messages, 45)).toEqual(messages.slice(2));
  });

  it('determines the context of a session', async () => {
    const { session_id } = newScope();
    await memory.storeConversation(session_id, 'r1', exchange(tokens(50), 'old'));
    await memory.storeConversation(session_id, 'r2', exchange(tokens(30), tokens(40)));
    expect(contents((await memory.getContext(session_id)).messages)).toEqual([tokens(30), tokens(40)]);
  });

  it('clips a message longer than half of it, in its middle', () => {
    const [question, answer] = takeNewest(exchange('q', `begin ${tokens(500)} end`), 100);
    expect(question?.content).toBe('q');
    expect(answer?.content).toMatch(/^begin x+\n\[…\]\nx+ end$/);
    expect(estimateTokens(answer?.content ?? '')).toBeLessThanOrEqual(50);
    expect(estimateTokens(answer?.content ?? '')).toBeGreaterThan(48);
  });

  it('always fits the newest exchange, and never exceeds its size (any window, any lengths)', () => {
    const chance = createChance(7);
    for (let round = 0; round < 2000; round++) {
      const windowTokens = 16 + chance.below(100);
      const text = () => 'x'.repeat(1 + chance.below(8 * windowTokens));
      const messages = Array.from({ length: 1 + chance.below(4) }, () => exchange(text(), text())).flat();
      const seen = takeNewest(messages, windowTokens);
      const sum = seen.reduce((total, { content }) => total + estimateTokens(content), 0);
      const about = `window ${windowTokens}, lengths ${messages.map(({ content }) => content.length).join(' ')}`;
      expect([about, seen.length >= 2, sum <= windowTokens, seen[0]?.role]).toEqual([about, true, true, 'user']);
    }
  });

  it('never cuts a character in two', () => {
    for (const offset of [0, 1]) {
      const [, answer] = takeNewest(exchange('q', 'x'.repeat(offset) + '🐦'.repeat(300)), 100);
      expect(answer?.content).not.toMatch(/\p{Surrogate}/u);
    }
  });
});

describe('the context of a run', () => {
  it('stays as the run first read it, whatever is added to the session afterwards', async () => {
    const { session_id, run_id } = newScope();
    await memory.storeConversation(session_id, 'r1', exchange('q', 'a'));
    const first = await memory.getRunContext(session_id, run_id);
    expect(contents(first.messages)).toEqual(['q', 'a']);
    await memory.storeConversation(session_id, 'r2', exchange('later', 'later'));
    expect(await memory.getRunContext(session_id, run_id)).toEqual(first);
    expect(contents((await memory.getRunContext(session_id, newScope().run_id)).messages)).toEqual([
      'q',
      'a',
      'later',
      'later',
    ]);
  });

  it('stays empty for a run that started the session', async () => {
    const { session_id, run_id } = newScope();
    expect(await memory.getRunContext(session_id, run_id)).toEqual({ summary: '', messages: [] });
    await memory.storeConversation(session_id, 'r2', exchange('of another run', 'answer'));
    expect(await memory.getRunContext(session_id, run_id)).toEqual({ summary: '', messages: [] });
  });

  it('is the same for two turns that ask at once while the session grows in between', async () => {
    const { session_id, run_id } = newScope();
    await memory.storeConversation(session_id, 'r1', exchange('q', 'a'));
    const slow = createMemory(server.connect(), { windowTokens: 100, ttlSeconds: TTL_SECONDS });
    const { getContext } = slow;
    let first: SessionContext = { summary: '', messages: [] };
    slow.getContext = async (id) => {
      first = await memory.getRunContext(session_id, run_id);
      await memory.storeConversation(session_id, 'r2', exchange('meanwhile', 'said'));
      return getContext(id);
    };
    expect(await slow.getRunContext(session_id, run_id)).toEqual(first);
    expect(contents(first.messages)).toEqual(['q', 'a']);
  });

  it('expires', async () => {
    const { session_id, run_id } = newScope();
    await memory.storeConversation(session_id, 'r1', exchange('q', 'a'));
    await memory.getRunContext(session_id, run_id);
    expect(await redis.ttl(contextKey(run_id))).toBeGreaterThan(0);
  });

  it('stored by an earlier version can still be read', async () => {
    const { session_id, run_id } = newScope();
    await redis.set(contextKey(run_id), JSON.stringify(exchange('q', 'a')));
    expect(await memory.getRunContext(session_id, run_id)).toEqual({ summary: '', messages: exchange('q', 'a') });
  });
});

describe('a session that outgrows the window', () => {
  const words = (letter: string) => letter.repeat(40);
  /** Exchanges of 20 tokens each; the window has 100, of which a summary may use 25. */
  async function fill(session_id: string, from: number, to: number) {
    for (let n = from; n < to; n++)
      await memory.storeConversation(session_id, `r${n}`, exchange(`${n}${words('q')}`, words('a')));
  }
  const numbers = (messages: { role: string; content: string }[] | undefined) =>
    messages?.filter(({ role }) => role === 'user').map(({ content }) => parseInt(content, 10));

  it('needs no summary while all of it fits beside one', async () => {
    const { session_id } = newScope();
    expect(await memory.nextRange(session_id)).toBeUndefined();
    await fill(session_id, 0, 3);
    expect(await memory.nextRange(session_id)).toBeUndefined();
    await fill(session_id, 3, 4);
    expect(await memory.nextRange(session_id)).toMatchObject({ from: 0, to: 6, summary: '', max_tokens: 25 });
  });

  it('is returned as the summary followed, verbatim, by everything that it does not cover', async () => {
    const { session_id } = newScope();
    await fill(session_id, 0, 4);
    const range = (await memory.nextRange(session_id))!;
    expect(numbers(range.messages)).toEqual([0, 1, 2]);
    expect(await memory.storeSummary(range, 'What was.')).toBe(true);
    expect(await memory.nextRange(session_id)).toBeUndefined();
    const { summary, messages } = await memory.getContext(session_id);
    expect([summary, numbers(messages)]).toEqual(['What was.', [3]]);
    await fill(session_id, 4, 6);
    expect(numbers((await memory.getContext(session_id)).messages)).toEqual([3, 4, 5]);
    expect((await memory.readSession(session_id))?.summary).toMatchObject({ text: 'What was.', covers: 6 });
  });

  it('is summarised on top of the former summary, which covers every message once', async () => {
    const { session_id } = newScope();
    const covered: (number[] | undefined)[] = [];
    for (let n = 0; n < 30; n++) {
      await fill(session_id, n, n + 1);
      const range = await memory.nextRange(session_id);
      if (!range) continue;
      expect(range.summary).toBe(covered.length === 0 ? '' : `summary ${covered.length}`);
      covered.push(numbers(range.messages));
      await memory.storeSummary(range, `summary ${covered.length}`);
    }
    const all = [...covered.flat(), ...(numbers((await memory.getContext(session_id)).messages) ?? [])];
    expect(all).toEqual(Array.from({ length: 30 }, (_, n) => n));
  });

  it('accepts one summary of a range, of any number of concurrent ones', async () => {
    const { session_id } = newScope();
    await fill(session_id, 0, 5);
    const range = (await memory.nextRange(session_id))!;
    const taken = await Promise.all(['A', 'B', 'C'].map((text) => memory.storeSummary(range, text)));
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect((await memory.getContext(session_id)).summary).toBe(['A', 'B', 'C'][taken.indexOf(true)]);
  });

  it('loses nothing of runs that end while it is summarised', async () => {
    const { session_id } = newScope();
    await fill(session_id, 0, 5);
    const range = (await memory.nextRange(session_id))!;
    const runs = [5, 6, 7].map((n) => fill(session_id, n, n + 1));
    await Promise.all([...runs, memory.storeSummary(range, 'early')]);
    const rest = (await memory.nextRange(session_id))!;
    expect(rest.from).toBe(range.to);
    const seen = (await memory.readSession(session_id))!.messages.slice(range.to);
    expect(numbers(seen)?.sort()).toEqual([4, 5, 6, 7]);
  });

  it('keeps the numbers of its messages when the oldest are dropped', async () => {
    const { session_id } = newScope();
    await fill(session_id, 0, 4);
    await memory.storeSummary((await memory.nextRange(session_id))!, 'The first three.');
    const many = Array.from({ length: 499 }, (_, n) => exchange(`${n + 4}`, 'a')).flat();
    await memory.storeConversation(session_id, 'many', many);
    const { dropped, messages } = (await memory.readSession(session_id))!;
    expect([dropped, messages.length]).toEqual([6, 1000]);
    expect(numbers((await memory.nextRange(session_id))?.messages)?.[0]).toBe(3);
  });

  describe('with a range that is too long to be summarised', () => {
    afterEach(() => jest.restoreAllMocks());
    const days = (count: number) => jest.spyOn(Date, 'now').mockReturnValue(Date.now() + count * 24 * 3600 * 1000);
    async function giveUp(session_id: string, times: number) {
      for (let n = 0; n < times; n++) await memory.releaseRange((await memory.nextRange(session_id))!);
    }

    it('continues with half of it, and covers no message without a summary', async () => {
      const { session_id } = newScope();
      await fill(session_id, 0, 7);
      const whole = (await memory.nextRange(session_id))!;
      expect(numbers(whole.messages)).toEqual([0, 1, 2, 3]);
      await giveUp(session_id, 1);
      expect((await memory.readSession(session_id))?.summary).toBeUndefined();
      const half = (await memory.nextRange(session_id))!;
      expect([half.from, half.to, half.failed, numbers(half.messages)]).toEqual([0, 4, 1, [0, 1]]);
      await memory.storeSummary(half, 'The first two.');
      expect((await memory.nextRange(session_id))!).toMatchObject({ from: 4, to: 8, summary: 'The first two.' });
    });

    it('records the failure once, however often the activity is retried', async () => {
      const { session_id } = newScope();
      await fill(session_id, 0, 7);
      const whole = (await memory.nextRange(session_id))!;
      for (let n = 0; n < 3; n++) await memory.releaseRange(whole);
      expect(await memory.nextRange(session_id)).toMatchObject({ failed: 1, to: 4 });
    });

    it('asks no more when even one exchange is too much, however the session grows, and again after some days', async () => {
      const { session_id } = newScope();
      await fill(session_id, 0, 7);
      await giveUp(session_id, 3);
      await fill(session_id, 7, 30);
      expect(await memory.nextRange(session_id)).toBeUndefined();
      expect(numbers((await memory.getContext(session_id)).messages)?.at(-1)).toBe(29);
      days(3);
      const again = (await memory.nextRange(session_id))!;
      expect([again.from, again.failed, numbers(again.messages)]).toEqual([0, 3, [0, 1, 2, 3]]);
    });
  });

  it('returns a whole summary that is within its limit by the count of the model that wrote it', async () => {
    const { session_id } = newScope();
    await fill(session_id, 0, 4);
    const wordy = 'characters '.repeat(15);
    await memory.storeSummary((await memory.nextRange(session_id))!, wordy);
    await fill(session_id, 4, 5);
    expect(await memory.getContext(session_id)).toMatchObject({ summary: wordy, messages: { length: 4 } });
    await fill(session_id, 5, 6);
    expect(await memory.nextRange(session_id)).toMatchObject({ from: 6, summary: wordy });
  });

  it('clips a summary longer than half of the window', async () => {
    const { session_id } = newScope();
    await fill(session_id, 0, 4);
    await memory.storeSummary((await memory.nextRange(session_id))!, 'x'.repeat(1000));
    const { summary, messages } = await memory.getContext(session_id);
    expect([estimateTokens(summary), numbers(messages)]).toEqual([50, [3]]);
  });

  it('that was deleted is gone, and accepts no summary of its former content', async () => {
    const { session_id } = newScope();
    await fill(session_id, 0, 5);
    const range = (await memory.nextRange(session_id))!;
    expect(await memory.deleteSession(session_id)).toBe(true);
    expect(await memory.deleteSession(session_id)).toBe(false);
    expect(await memory.storeSummary(range, 'of the dead')).toBe(false);
    await fill(session_id, 0, 5);
    expect(await memory.storeSummary(range, 'of the dead')).toBe(false);
    expect((await memory.getContext(session_id)).summary).toBe('');
  });
});
