/** The parent's side of the protocol, without a process: its requests, and its handling of arbitrary bytes from a child. */
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import type { Check, CheckReport } from '../../src/contract/checks';
import { Channel, ChannelClosed } from '../../src/sandbox/host/channel';
import { encodeFrame, FrameReader } from '../../src/sandbox/host/frames';
import type { SendCommand, ChildEnd, ConversationLimits } from '../../src/sandbox/host/child';
import { runProgram, type Asked } from '../../src/sandbox/host/run-program';
import type { SealedRequest } from '../../src/sandbox/guest/protocol';

const FILES = [{ path: 'main.py', text: 'def f(x): return 2 * x' }];
const WRONG = { ended: true, value: 'wrong' };
const ANSWERS: Record<SealedRequest['kind'], unknown> = {
  prepare: {},
  load: { ended: true },
  check: WRONG,
  discover: { tests: [{ name: 'test_it' }], more: false },
  test: { ended: true },
};

const frame = (message: unknown) => encodeFrame(JSON.stringify(message));
const answer = ({ kind, secret }: SealedRequest, result = ANSWERS[kind]) => frame({ kind: 'answer', secret, result });

/** A fake child: each request is answered with the bytes that `respond` returns for it; the last answer is followed by the end. */
function childThat(respond: (request: SealedRequest, index: number) => Uint8Array): Asked {
  return {
    async converse(work: (ask: SendCommand) => Promise<void>, { onOutput }: ConversationLimits) {
      const [requests, answers] = [new PassThrough(), new PassThrough()];
      const end: ChildEnd = {};
      let count = 0;
      const reader = new FrameReader(2 ** 20);
      const channel = new Channel({
        ...{ requests, answers, outputLimit: 100_000, onOutput },
        onWarm: () => undefined,
        onOverrun: () => void (end.killed = 'output'),
        onTampering: (why) => void (end.tampered = why),
        onEnd: () => void (end.complaint ??= 'ended'),
      });
      requests.on('data', (chunk: Buffer) => {
        reader.add(chunk);
        for (let body = reader.next(); body; body = reader.next()) {
          const bytes = respond(JSON.parse(body.toString()) as SealedRequest, count++);
          answers.write(bytes);
          // the parent would wait for the rest of an incomplete frame
          setImmediate(() => answers.readableLength === 0 && isStuck() && answers.end());
        }
      });
      const asked = { count: 0, answered: 0 };
      const isStuck = () => asked.count > asked.answered;
      answers.write(frame({ kind: 'warm' }));
      await new Promise(setImmediate);
      const ask: SendCommand = async (request) => {
        asked.count++;
        const result = await channel.ask(request);
        asked.answered++;
        return result;
      };
      await work(ask).catch((error: unknown) => {
        if (!(error instanceof ChannelClosed)) throw error;
      });
      channel.close();
      return end;
    },
  };
}

const run = (child: Asked, checks: Check[] = [{ name: 'f', code: 'f(2)', expected: '4' }]): Promise<CheckReport> =>
  runProgram(child, { language: 'python', interpreter: 'python', files: FILES }, { checks, ownTests: true }, 1000);

/** The requests to a child for these checks, as JSON. */
async function askedFor(checks: Check[]): Promise<string[]> {
  const asked: string[] = [];
  const child = childThat((request) => {
    asked.push(JSON.stringify(request));
    return answer(request, request.kind === 'check' ? { ended: true, value: '4' } : ANSWERS[request.kind]);
  });
  await run(child, checks);
  return asked;
}

test('each request has its own secret, and is sent only after the previous one is answered', async () => {
  const secrets = (await askedFor([])).map((text) => (JSON.parse(text) as SealedRequest).secret);
  expect(secrets).toHaveLength(4);
  expect(new Set(secrets).size).toBe(4);
  for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f]{32}$/);
});

test('neither the expected value nor the name of a check is sent', async () => {
  const asked = await askedFor([
    { name: 'SECRET name', code: 'f(2)', expected: "'SECRET 1'" },
    { name: 'SECRET', code: "assert f(2) == 'SECRET 2'" },
    { name: 'SECRET', code: "assert f(2) is 'SECRET 3', 'SECRET message'" },
    { name: 'SECRET', code: "assert (f(2) == ['SECRET 4'])" },
    { name: 'SECRET', code: "x = 4\nassert f(x) == {'SECRET 5': 1}\nassert f(x) == 4\n" },
  ]);
  expect(asked.join('\n')).not.toContain('SECRET');
  expect(asked.filter((text) => text.includes('f(2)'))).toHaveLength(4);
});

test('a constant that only Python can evaluate is requested after the actual value', async () => {
  const asked = await askedFor([{ name: 'hex', code: "assert f(2) == b'\\x04'" }]);
  const codes = asked.flatMap((text) => (JSON.parse(text) as { code?: string }).code ?? []);
  expect(codes).toEqual(['f(2)', "b'\\x04'"]);
});

test('before the program has loaded, a child knows only the program', async () => {
  const [first = '', second = ''] = await askedFor([{ name: 'a', code: 'f(2)', expected: '4' }]);
  expect(Object.keys(JSON.parse(first) as object).sort()).toEqual(['files', 'kind', 'ownTests', 'secret']);
  expect(Object.keys(JSON.parse(second) as object).sort()).toEqual(['kind', 'secret']);
});

const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 400 });
/** Arbitrary values, including strings of the protocol. */
const word = fc.constantFrom(
  'answer',
  'output',
  'warm',
  'kind',
  'secret',
  'result',
  'ended',
  'value',
  'error',
  'tests',
  '4',
);
const anything = fc.object({
  key: fc.oneof(word, fc.string()),
  values: [word, fc.boolean(), fc.constant(null), fc.nat()],
});

describe('whatever a child sends, nothing is thrown and no check passes', () => {
  const holds = async (child: Asked) => expect((await run(child)).passed).toBe(false);

  test('any bytes', async () => {
    const at = fc.nat({ max: 5 });
    await fc.assert(
      fc.asyncProperty(at, anyBytes, (place, bytes) =>
        holds(childThat((request, index) => (index === place ? bytes : answer(request)))),
      ),
      { numRuns: 300 },
    );
  });

  test('frames with changed, removed or added bytes', async () => {
    const edit = fc.record({ place: fc.nat({ max: 4 }), from: fc.nat(), left: fc.nat({ max: 20 }), put: anyBytes });
    await fc.assert(
      fc.asyncProperty(edit, ({ place, from, left, put }) =>
        holds(
          childThat((request, index) => {
            const whole = answer(request);
            const start = from % whole.length;
            const edited = Buffer.concat([whole.subarray(0, start), put, whole.subarray(start + left)]);
            return index === place ? edited : whole;
          }),
        ),
      ),
      { numRuns: 300 },
    );
  });

  test('well-formed messages without the secret', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 4 }), anything, (place, message) =>
        holds(childThat((request, index) => (index === place ? frame(message) : answer(request)))),
      ),
      { numRuns: 300 },
    );
  });

  test('well-formed results with the secret', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 4 }), anything, (place, result) =>
        holds(childThat((request, index) => answer(request, index === place ? result : ANSWERS[request.kind]))),
      ),
      { numRuns: 300 },
    );
  });
});

describe('frames', () => {
  test('are the same however their bytes are split', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 })), fc.array(fc.integer({ min: 1, max: 9 })), (bodies, sizes) => {
        const bytes = Buffer.concat(bodies.map(encodeFrame));
        const reader = new FrameReader(10_000);
        const read: string[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] ?? bytes.length;
          reader.add(bytes.subarray(at, at + size));
          at += size;
          for (let body = reader.next(); body; body = reader.next()) read.push(body.toString());
        }
        expect(read).toEqual(bodies);
        expect(reader.isInFrame).toBe(false);
      }),
    );
  });

  test('many in one chunk take linear time', () => {
    const reader = new FrameReader(10);
    reader.add(Buffer.concat(Array.from({ length: 200_000 }, () => encodeFrame('x'))));
    const start = performance.now();
    let count = 0;
    while (reader.next()) count++;
    expect(count).toBe(200_000);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
