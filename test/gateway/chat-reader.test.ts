/**
 * Two properties of the stream reader. Any split of a valid stream into packets gives the same text, thinking, usage and end. Any damage to
 * a frame gives the right text or a named failure, and never success with different text. Seeds are printed; CHAT_SEED repeats one.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { connectCompatible } from '../../src/gateway/adapters/compatible';
import type { Endpoint } from '../../src/gateway/adapters/endpoint';
import { connectOpenRouter } from '../../src/gateway/adapters/openrouter';
import { GatewayFailure } from '../../src/gateway/failures';
import { hear, type Received } from '../support/endpoints';

const SEED = Number(process.env.CHAT_SEED ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env.CHAT_RUNS ?? 150);

let server: Server;
let play: (response: ServerResponse) => Promise<void>;
let baseUrl = '';

beforeAll(async () => {
  process.stdout.write(`CHAT_SEED=${SEED}\n`);
  server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.socket?.setNoDelay(true);
    void play(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const immediately = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Sends the bytes in these packets. */
async function listen(packets: readonly Buffer[], endpoint: Endpoint) {
  let thinking = '';
  play = async (response) => {
    for (const packet of packets) {
      response.write(packet);
      await immediately();
    }
    response.end();
  };
  const received = await hear(endpoint, {
    onThinking: (piece) => void (thinking += piece),
    onRetract: (whole) => void (thinking = whole),
  });
  return { ...received, thinking };
}

const patience = { firstTokenTimeoutMs: 5000, idleTimeoutMs: 5000 };
const plain = (): Endpoint => ({ ...connectCompatible({ baseUrl, apiKey: 'k' }), ...patience });
const strict = (): Endpoint => ({ ...connectOpenRouter({ baseUrl, apiKey: 'k' }), ...patience });

/** Content of a frame, in the formats of many servers. */
const word = fc.constantFrom(
  'A',
  ' flock',
  ' turns',
  '🐦',
  'ß\n',
  '"',
  '\\',
  ' {',
  '[DONE]',
  'data: x',
  '\u2028',
  '\\n\\n',
  ' <b>',
  '日本',
);
const shown = fc.oneof(
  word.map((text) => ({ content: text, text })),
  fc
    .array(word, { maxLength: 3 })
    .map((texts) => ({ content: texts.map((text) => ({ type: 'text', text })), text: texts.join('') })),
  fc.constantFrom(null, undefined, '').map((content) => ({ content, text: '' })),
);
const shape = fc.record({
  newline: fc.constantFrom('\n', '\r\n', '\r'),
  space: fc.constantFrom('', ' '),
  shown: fc.array(shown, { minLength: 1, maxLength: 8 }),
  thinking: fc.constantFrom('', 'Hm. 🐦'),
  field: fc.constantFrom('content', 'reasoning', 'reasoning_content'),
  ending: fc.constantFrom('stop', 'STOP', 'end_turn', 'length', 'MAX_TOKENS', null),
  comments: fc.boolean(),
  mark: fc.boolean(),
});
interface Stream {
  frames: string[];
  /** Indexes of the frames that hold text or the finish reason. */
  spoken: number[];
  text: string;
  thinking: string;
  end: string;
}

const USAGE = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };

function toStream(drawn: (typeof shape)['generate'] extends (...a: never[]) => { value: infer S } ? S : never): Stream {
  const { newline, space, shown: pieces, thinking, field, ending, comments, mark } = drawn;
  const line = (text: string) => text + newline + newline;
  const chunk = (choices: object[], more: object = {}) =>
    line(`data:${space}${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', model: 'm', choices, ...more })}`);
  const frames = [mark ? '\ufeff' + chunk([{ index: 0, delta: { role: 'assistant' } }]) : chunk([])];
  const spoken: number[] = [];
  const speak = (delta: object, finish_reason: string | null = null) => {
    spoken.push(frames.length);
    frames.push(chunk([{ index: 0, delta, finish_reason }]));
  };
  if (thinking && field === 'content') speak({ content: `<think>${thinking}</think>` });
  else if (thinking) frames.push(chunk([{ index: 0, delta: { [field]: thinking }, finish_reason: null }]));
  for (const { content } of [{ content: 'The' }, ...pieces]) speak({ content });
  if (comments) frames.push(line(': PROCESSING'), `event: ping${newline}${line('data: {"type":"ping"}')}`);
  if (ending) speak({}, ending);
  frames.push(chunk([], { usage: USAGE }), line('data: [DONE]'));
  const end = ending === 'length' || ending === 'MAX_TOKENS' ? 'length' : 'stop';
  return { frames, spoken, text: `The${pieces.map(({ text }) => text).join('')}`, thinking, end };
}
const stream = shape.map(toStream);

function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length]!;
    packets.push(bytes.subarray(at, at + length));
    at += length;
  }
  return packets;
}

test('any split into packets gives the same result', async () => {
  await fc.assert(
    fc.asyncProperty(
      stream,
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 }),
      async (one, lengths) => {
        const bytes = Buffer.from(one.frames.join(''));
        const { text, thinking, result, error } = await listen(cut(bytes, lengths), plain());
        expect(error).toBeUndefined();
        expect({ text, thinking, end: result?.finishReason, usage: result?.usage }).toEqual({
          ...{ text: one.text, thinking: one.thinking, end: one.end },
          usage: { prompt_tokens: 3, completion_tokens: 4 },
        });
      },
    ),
    { seed: SEED, numRuns: RUNS, endOnFailure: true },
  );
}, 300_000);

/** Ways to damage a frame. Those of its JSON change a value or a name; a frame that is still valid gives the right text. */
type Damage = (frame: string, at: number) => string | Buffer;
const json =
  (
    change: (
      chunk: Record<string, unknown>,
      choice: Record<string, unknown>,
      delta: Record<string, unknown>,
    ) => unknown,
  ): Damage =>
  (frame) => {
    const start = frame.indexOf('{');
    const end = frame.lastIndexOf('}') + 1;
    const chunk = JSON.parse(frame.slice(start, end)) as { choices: { delta: Record<string, unknown> }[] };
    const changed = change(chunk as never, chunk.choices[0] as never, chunk.choices[0]!.delta) ?? chunk;
    return frame.slice(0, start) + JSON.stringify(changed) + frame.slice(end);
  };
const set = (object: Record<string, unknown>, name: string, value: unknown) => void (object[name] = value);
const rename = (object: Record<string, unknown>, name: string) => {
  object[`${name.slice(1)}x`] = object[name];
  delete object[name];
};
const odd = [5, true, {}, { a: 'b' }, [5], [[]], [{ type: 'text' }], [{ text: 7 }], [null], 'x'];
/** Letters of the text itself are not changed, because that cannot be detected. */
const readHead = (frame: string) => (frame.includes('"content"') ? frame.indexOf('"content"') : frame.length);
const withoutOne = (frame: string, at: number) => frame.slice(0, at) + frame.slice(at + 1);
const damages: Damage[] = [
  // the line and its bytes
  (frame, at) => frame.slice(0, 1 + (at % (frame.length - 1))),
  (frame, at) => frame.slice(at % frame.trimEnd().length, frame.length),
  (frame, at) => withoutOne(frame, at % readHead(frame)),
  (frame) => frame.replace('data', 'dada'),
  (frame) => frame.replace('data:', 'data'),
  (frame) => frame.replace('data:', ''),
  (frame) => frame.trimEnd(),
  (frame) => frame.replace('{', ''),
  (frame) => frame.replace(/\}(?=\s*$)/, ''),
  (frame) =>
    Buffer.concat([
      Buffer.from(frame.slice(0, frame.indexOf('{'))),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(frame.slice(frame.indexOf('{'))),
    ]),
  (frame) =>
    Buffer.from(frame.replace(/"content":"/, '"content":"\ufffd')).map((byte, i, all) =>
      all[i - 2] === 0xef && byte === 0xbd ? 0x2f : byte,
    ) as Buffer,
  (frame) => frame.replace(/\{.*\}/, 'null'),
  (frame) => frame.replace(/\{.*\}/, '[]'),
  (frame) => frame.replace(/\{.*\}/, '"text"'),
  (frame) => frame.replace(/\{.*\}/, '{"error":{"message":"overloaded","code":503}}'),
  // names
  json((chunk) => rename(chunk, 'choices')),
  json((_, choice) => rename(choice, 'delta')),
  json((_, _choice, delta) => ('content' in delta ? rename(delta, 'content') : undefined)),
  json((_, choice) => rename(choice, 'finish_reason')),
  // values
  ...[null, 5, {}, 'x'].map((value) =>
    json((chunk) => set(chunk, 'choices', value === null ? { 0: chunk.choices } : value === 5 ? [5] : [value])),
  ),
  ...[5, 'x', ['x'], true].map((value) => json((_, choice) => set(choice, 'delta', value))),
  ...odd
    .slice(0, -1)
    .map((value) => json((_, _choice, delta) => ('content' in delta ? set(delta, 'content', value) : undefined))),
  ...[5, {}, 'error', 'banana', null].map((value) => json((_, choice) => set(choice, 'finish_reason', value))),
  ...[5, 'x', null, { prompt_tokens: 'x' }].map((value) => json((chunk) => set(chunk, 'usage', value))),
  json((chunk) => set(chunk, 'model', 7)),
  json((chunk) => set(chunk, 'id', {})),
  json((_, choice) => set(choice, 'error', { message: 'No', code: 502 })),
];

test.each([
  ['a plain gateway', plain],
  ['a strict one', strict],
])(
  'any damage to a frame of %s gives the right text or a named failure',
  async (_, endpoint) => {
    const isRight = ({ text, result, error }: Received, one: Stream) =>
      error ? error instanceof GatewayFailure : text === one.text && typeof result?.model === 'string';
    await fc.assert(
      fc.asyncProperty(stream, fc.nat(), fc.nat(), fc.nat(300), async (one, which, how, at) => {
        const place = one.spoken[which % one.spoken.length]!;
        const damage = damages[how % damages.length]!;
        const parts = one.frames.map((frame, i) => Buffer.from(i === place ? damage(frame, at) : frame));
        const received = await listen([Buffer.concat(parts)], endpoint());
        const reported = { text: received.text, error: String(received.error), damaged: parts[place]!.toString() };
        expect({ ...reported, isRight: isRight(received, one) }).toEqual({ ...reported, isRight: true });
      }),
      { seed: SEED, numRuns: 3 * RUNS, endOnFailure: true },
    );
  },
  300_000,
);
