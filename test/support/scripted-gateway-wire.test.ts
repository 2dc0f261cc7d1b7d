// The bytes on the wire, seen through a bare socket.
import { createScriptedGateway, quirks, type Reply, type ScriptedGateway } from './scripted-gateway';
import { readBody, post, type RawReply } from './scripted-gateway-clients';

let gateway: ScriptedGateway;

beforeAll(async () => {
  gateway = await createScriptedGateway();
});
afterEach(() => gateway.reset());
afterAll(() => gateway.stop());

/** Plays one reply as a stream and reads until the server closes. */
async function play(reply: Reply | undefined, body: object = {}): Promise<RawReply> {
  gateway.script('m', reply ?? {});
  const raw = await post(gateway.url, { model: 'm', stream: true, ...body });
  await raw.closed;
  return raw;
}

/** Returns the frames of a stream, with fixed values for the id and the time. */
function listFrames(raw: RawReply): string[] {
  const id = gateway.calls('m').at(-1)?.id ?? '';
  return readBody(raw)
    .replaceAll(id, 'gen-1')
    .replace(/"created":\d+/g, '"created":1')
    .split(/\r?\n\r?\n/);
}

const HEAD = 'data: {"id":"gen-1","provider":"P","model":"m","object":"chat.completion.chunk","created":1,';

it('frames a stream as OpenRouter does', async () => {
  const raw = await play({ tokens: ['Hi', '!'], comments: 2, provider: 'P', promptTokens: 10, costUsd: 0.0012 });
  expect(raw.wire).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-type: text\/event-stream/);
  expect(raw.wire.toLowerCase()).toContain(`x-generation-id: ${gateway.calls('m')[0]?.id}`);
  expect(listFrames(raw)).toEqual([
    ': OPENROUTER PROCESSING',
    ': OPENROUTER PROCESSING',
    `${HEAD}"choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null,"native_finish_reason":null}]}`,
    `${HEAD}"choices":[{"index":0,"delta":{"content":"!"},"finish_reason":null,"native_finish_reason":null}]}`,
    `${HEAD}"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop","native_finish_reason":"stop"}]}`,
    `${HEAD}"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12,"cost":0.0012,"is_byok":false,"cost_details":{"upstream_inference_cost":null}}}`,
    'data: [DONE]',
    '',
  ]);
});

it('sends usage only if requested, for servers that do so, and no cost if they know none', async () => {
  const local: Reply = { usage: 'if-asked', reportsCost: false };
  expect(readBody(await play(local))).not.toContain('usage');
  const asked = readBody(await play(local, { stream_options: { include_usage: true } }));
  expect(asked).toContain('"usage":{"prompt_tokens":6,"completion_tokens":3,"total_tokens":9}');
});

it('writes errors to a stream in each documented format', async () => {
  const error = { code: 500, message: 'no' };
  const shape = async (as: 'chunk' | 'bare-chunk' | 'event' | 'field') =>
    listFrames(await play({ tokens: [], provider: 'P', fault: { kind: 'error', at: 0, error, as } }));
  expect(await shape('chunk')).toEqual([
    `${HEAD}"error":{"code":500,"message":"no"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}`,
    '',
  ]);
  expect(await shape('bare-chunk')).toEqual(['data: {"error":{"code":500,"message":"no"}}', '']);
  expect(await shape('event')).toEqual(['event: error\ndata: {"error":{"code":500,"message":"no"}}', '']);
  expect(await shape('field')).toEqual(['error: {"code":500,"message":"no"}', 'data: [DONE]', '']);
});

it('ends every line with CR LF if scripted', async () => {
  const body = readBody(await play(quirks.crlf[0]));
  expect(body.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  expect(body.endsWith('data: [DONE]\r\n\r\n')).toBe(true);
});

it('splits characters in two between reads', async () => {
  const { reads } = await play({ tokens: ['ü'], splitUtf8: true });
  expect(reads.some((read) => read.includes(Buffer.from([0xc3])) && !read.includes(Buffer.from('ü')))).toBe(true);
});

it('closes a stream cleanly at an early end, and without the closing chunk at a cut', async () => {
  const ended = await play({ fault: { kind: 'end', at: 2 } });
  expect(ended.wire.endsWith('0\r\n\r\n')).toBe(true);
  const cut = await play({ fault: { kind: 'cut', at: 2 } });
  expect(readBody(cut)).toContain('" from"');
  expect(cut.wire.endsWith('0\r\n\r\n')).toBe(false);
});

it('cuts before the headers without sending a byte', async () => {
  const { wire } = await play({ fault: { kind: 'cut', at: 'headers' } });
  expect(wire).toBe('');
});

it('stops in the middle of a frame', async () => {
  const frames = listFrames(await play({ fault: { kind: 'half-frame', at: 1 } }));
  expect(frames).toHaveLength(2);
  expect(frames[1]).toMatch(/^data: \{"id"/);
  expect(() => JSON.parse((frames[1] ?? '').slice(6)) as unknown).toThrow();
});

it('keeps a silent stream alive with comments, while it waits and while it hangs', async () => {
  const waiting = listFrames(await play({ tokens: ['x'], firstTokenMs: 120, keepAliveMs: 25 }));
  expect(waiting.filter((frame) => frame.startsWith(':')).length).toBeGreaterThanOrEqual(3);
  gateway.script('m', { tokens: ['x'], keepAliveMs: 25, fault: { kind: 'hang', at: 1 } });
  const raw = await post(gateway.url, { model: 'm', stream: true });
  await gateway.waitFor(() => raw.wire.split(': OPENROUTER').length > 3);
  raw.socket.destroy();
});

it('writes raw text where the script says', async () => {
  const frames = listFrames(await play({ tokens: ['a', 'b'], raw: [{ after: 1, text: 'event: ping\ndata: {}\n\n' }] }));
  expect(frames[1]).toBe('event: ping\ndata: {}');
  expect(frames[2]).toContain('"b"');
});

it('escapes half a surrogate pair instead of corrupting it', async () => {
  expect(readBody(await play({ tokens: ['\ud83d', '\udc26'] }))).toContain('"content":"\\ud83d"');
});

it('pads the body with blank lines, and cuts it in the middle, when not streaming', async () => {
  const padded = await play({ comments: 3 }, { stream: false });
  expect(readBody(padded)).toMatch(/^\n\n\n\{"id"/);
  const half = await play({ fault: { kind: 'half-frame', at: 3 } }, { stream: false });
  expect(() => JSON.parse(readBody(half)) as unknown).toThrow();
});

it('accepts any prefix before /chat/completions, as Portkey needs it', async () => {
  const raw = await post(gateway.url, { model: 'm' }, { path: '/anything/v1/chat/completions' });
  await raw.closed;
  expect(readBody(raw)).toContain('Hello from upstream.');
  expect(gateway.calls('m')).toHaveLength(1);
});

it('replies 400 to a body that is not a completion request', async () => {
  const raw = await post(gateway.url, { messages: [] });
  await raw.closed;
  expect(raw.wire).toMatch(/^HTTP\/1\.1 400 /);
});
