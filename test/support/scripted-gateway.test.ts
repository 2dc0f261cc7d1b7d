// Scripts, timing and prefill of the simulator; its log and its wire format have separate tests.
import { createServer } from 'node:net';

import {
  cases,
  createScriptedGateway,
  now,
  quirks,
  readSequence,
  type Reply,
  type ScriptedGateway,
  type ScriptedGatewayOptions,
} from './scripted-gateway';
import { createClient, post, QUESTION, stream } from './scripted-gateway-clients';

let gateway: ScriptedGateway;
let client: ReturnType<typeof createClient>;

beforeAll(async () => {
  gateway = await createScriptedGateway();
  client = createClient(gateway.url);
});
afterEach(() => gateway.reset());
afterAll(() => gateway.stop());

/** Starts another simulator, which is stopped after its test in any case. */
const others: ScriptedGateway[] = [];
async function startAnother(options: ScriptedGatewayOptions): Promise<ScriptedGateway> {
  const other = await createScriptedGateway(options);
  others.push(other);
  return other;
}
afterEach(async () => {
  for (const other of others.splice(0)) await other.stop();
});

describe('scripts', () => {
  it('uses up the queue, then the standing reply, and the default for other models', async () => {
    gateway.script('m', [{ tokens: ['1'] }, { tokens: ['2'] }]);
    gateway.script('m', { tokens: ['3'] });
    gateway.always('m', { tokens: ['stands'] });
    const texts: string[] = [];
    for (const model of ['m', 'm', 'other', 'm', 'm', 'm']) texts.push((await stream(client, model)).text);
    expect(texts).toEqual(['1', '2', 'Hello from upstream.', '3', 'stands', 'stands']);
  });

  it('applies rules on the body first; a list is used up, a single reply stays', async () => {
    gateway.script('m', { tokens: ['queue'] });
    gateway.scriptWhen({ lastMessageIncludes: 'starlings' }, [{ tokens: ['rule'] }]);
    gateway.scriptWhen((body) => body.model === 'n', { tokens: ['predicate'] });
    const texts: string[] = [];
    for (const model of ['m', 'm', 'n', 'n']) texts.push((await stream(client, model)).text);
    expect(texts).toEqual(['rule', 'queue', 'predicate', 'predicate']);
  });

  it('rejects an unknown field', () => {
    expect(() => gateway.script('m', { finishReason: 'stop' } as Reply)).toThrow(/finishReason/);
  });

  it('consists of data: every predefined case survives JSON', () => {
    const all = { ...cases, ...quirks };
    expect(JSON.parse(JSON.stringify(all))).toEqual(all);
    expect(() => Object.values(all).forEach((replies) => gateway.script('m', replies))).not.toThrow();
  });
});

describe('timing', () => {
  it('keeps first token and interval without drift, never early', async () => {
    gateway.script('m', { tokens: { count: 200, stamped: true }, firstTokenMs: 60, intervalMs: 2 });
    const { text } = await stream(client, 'm');
    const [call] = gateway.calls('m');
    const lateness = readSequence(text).sentAt.map((at, n) => at - (call?.at ?? 0) - 60 - n * 2);
    expect(lateness).toHaveLength(200);
    expect(Math.min(...lateness)).toBeGreaterThanOrEqual(0);
    // Restarting a timer for each token would add half a millisecond of delay each time.
    expect(Math.min(...lateness.slice(-40))).toBeLessThan(30);
  });

  it('stamps tokens with the clock of this machine', async () => {
    gateway.script('m', { tokens: { count: 1, stamped: true, prefix: 't' } });
    const { text } = await stream(client, 'm');
    const [sentAt = 0] = readSequence(text, { prefix: 't' }).sentAt;
    expect(Math.abs(now() - sentAt)).toBeLessThan(1000);
    expect(text).toMatch(/^t0@\d{13}\.\d{3} $/);
  });

  it('waits for a reader that does not read, and continues when it does', async () => {
    gateway.script('m', { tokens: { count: 200_000 } });
    const raw = await post(gateway.url, { model: 'm', stream: true });
    await gateway.waitFor(() => raw.reads.length > 0);
    raw.socket.pause();
    const standing = async (): Promise<number> => {
      const before = gateway.calls('m')[0]?.tokensSent ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return before === gateway.calls('m')[0]?.tokensSent ? before : standing();
    };
    const stalledAt = await standing();
    expect(stalledAt).toBeLessThan(100_000);
    raw.socket.resume();
    await gateway.waitFor(() => (gateway.calls('m')[0]?.tokensSent ?? 0) > stalledAt + 10_000);
    raw.socket.destroy();
  });
});

describe('prefill', () => {
  const QUESTION_LENGTH = 'What do starlings do?'.length;

  async function continueFrom(prefill: string, reply: Reply) {
    gateway.script('m', reply);
    const messages = [...QUESTION, { role: 'assistant', content: prefill } as const];
    const { choices } = await client.chat.completions.create({ model: 'm', messages });
    return { text: choices[0]?.message.content, call: gateway.calls('m').at(-1) };
  }

  it.each([
    ['', 'One two three', 3],
    ['One two', ' three', 1],
    ['One tw', 'o three', 2],
    ['One two three', '', 0],
  ])('after "%s" only the rest is said and billed', async (prefill, rest, completionTokens) => {
    const { text, call } = await continueFrom(prefill, { tokens: ['One', ' two', ' three'] });
    expect(text).toBe(rest);
    expect(call).toMatchObject({ prefill: 'continued', finish: 'stop', usage: { completionTokens } });
    expect(call?.usage?.promptTokens).toBe(Math.ceil((QUESTION_LENGTH + prefill.length) / 4));
  });

  it.each(['Two', 'One  two', 'One two three four'])(
    'other text "%s" is told in the log, and all is said',
    async (prefill) => {
      const { text, call } = await continueFrom(prefill, { tokens: ['One', ' two', ' three'] });
      expect(text).toBe('One two three');
      expect(call?.prefill).toBe('mismatch');
    },
  );

  it('is ignored by a model that cannot continue', async () => {
    const { text, call } = await continueFrom('One', { tokens: ['One', ' two'], continuesPrefill: false });
    expect(text).toBe('One two');
    expect(call?.prefill).toBe('ignored');
  });

  it('finds its position among stamped tokens, also within one', async () => {
    const published = '#0@1790000000000.123 #1@1790000000005.';
    const { text, call } = await continueFrom(published, { tokens: { count: 3, stamped: true } });
    expect(call?.prefill).toBe('continued');
    expect(readSequence(published + text)).toMatchObject({ seen: [0, 1, 2], stray: '' });
    expect((await continueFrom('#1@1790000000000.123 ', { tokens: { count: 3, stamped: true } })).call?.prefill).toBe(
      'mismatch',
    );
  });

  it('stops at max_tokens if the script says that the model does', async () => {
    gateway.script('m', { tokens: { count: 5 }, honoursMaxTokens: true });
    const { choices } = await client.chat.completions.create({ model: 'm', messages: QUESTION, max_tokens: 2 });
    expect(choices[0]).toMatchObject({ message: { content: '#0 #1 ' }, finish_reason: 'length' });
  });
});

describe('start and stop', () => {
  it('refuses connections until it starts on a fixed port, and frees the port', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/v1`;
    expect((await stream(createClient(url), 'm')).error).toMatchObject({ cause: { cause: { code: 'ECONNREFUSED' } } });
    for (let round = 0; round < 2; round++) {
      const late = await startAnother({ port });
      expect((await stream(createClient(url), 'm')).text).toBe('Hello from upstream.');
      await late.stop();
    }
    expect((await stream(createClient(url), 'm')).error).toBeDefined();
  });

  it('destroys open sockets when it stops, and logs it', async () => {
    const short = await startAnother({ defaultReply: { fault: { kind: 'hang', at: 1 } } });
    const raw = await post(short.url, { model: 'm', stream: true });
    await short.waitFor(() => short.calls('m')[0]?.tokensSent === 1);
    await short.stop();
    await raw.closed;
    expect(short.calls('m')[0]).toMatchObject({ endedBy: 'stopped', usage: { completionTokens: 1 } });
    expect(short.open()).toBe(0);
  });
});

it('detects lost, repeated and reordered tokens in a text', () => {
  expect(readSequence('#0 #1 #3 #3 #2 x#6 ', { expected: 9 })).toEqual({
    seen: [0, 1, 3, 3, 2, 6],
    lost: [4, 5, 7, 8],
    repeated: [3],
    reordered: [2],
    sentAt: [],
    stray: 'x',
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
