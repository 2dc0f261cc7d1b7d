/**
 * A fake child of the sandbox: it answers requests normally until its misbehaviour is due. Its first argument names the misbehaviour, and
 * the request at which it happens.
 */
const { readSync, writeSync, closeSync } = require('node:fs');

function read(length) {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const count = readSync(3, bytes, at, length - at, null);
    if (count === 0) process.exit(0);
    at += count;
  }
  return bytes;
}
const readRequest = () => JSON.parse(read(read(4).readUInt32BE()).toString());
function write(bytes) {
  for (let at = 0; at < bytes.length;) at += writeSync(4, bytes, at);
}
function frame(body, length = Buffer.byteLength(body)) {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(length);
  return Buffer.concat([header, Buffer.from(body)]);
}
const send = (message) => write(frame(JSON.stringify(message)));
const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

const HONEST = {
  prepare: {},
  load: { ended: true },
  check: { ended: true, value: '4' },
  discover: { tests: [{ name: 'test_it' }], more: false },
  test: { ended: true },
};
const answer = (secret, result) => send({ kind: 'answer', secret, result });
const END = { ended: true, value: '4' };

/** Each gets the request at which it happens, and those before it. */
const PARTS = {
  'none at all': ({ secret, kind }) => answer(secret, HONEST[kind]),
  'an acknowledgement of a handle': () => send({ cmd: 'NODE_HANDLE_ACK' }),
  'a message of the old channel': () => send({ kind: 'own', steps: null }),
  'a step of the old channel': () => send({ kind: 'step', index: 1, outcome: END }),
  'no secret': () => send({ kind: 'answer', result: END }),
  'an empty secret': () => answer('', END),
  'a secret that it has made up': () => answer('0'.repeat(32), END),
  'a secret in capitals': ({ secret }) => answer(secret.toUpperCase() + ' ', END),
  'the secret of the request before': (_, [before]) => answer(before.secret, END),
  'all secrets at once': ({ secret }, [before]) =>
    send({ kind: 'answer', secret: [secret, before.secret], result: END }),
  'an answer before it was asked again': ({ secret, kind }) => {
    answer(secret, HONEST[kind]);
    answer(secret, END);
  },
  'an unknown kind': ({ secret }) => send({ kind: 'done', secret, result: END }),
  'no kind': ({ secret }) => send({ secret, result: END }),
  'a second warm-up': () => send({ kind: 'warm' }),
  'a value that is no text': ({ secret }) => answer(secret, { ended: true, value: 4 }),
  'a value that is an object': ({ secret }) => answer(secret, { ended: true, value: { toString: 4, length: 1 } }),
  'an end that is a word': ({ secret }) => answer(secret, { ended: 'true' }),
  'a failure without an error': ({ secret }) => answer(secret, { ended: false }),
  'a verdict of its own': ({ secret }) => answer(secret, { ended: true, value: '4', passed: true }),
  'no result': ({ secret }) => send({ kind: 'answer', secret }),
  'a result that is null': ({ secret }) => answer(secret, null),
  'a list as a result': ({ secret }) => answer(secret, [END]),
  'a list as a message': ({ secret }) => send([{ kind: 'answer', secret, result: END }]),
  'a number as a message': () => send(4),
  'null as a message': () => send(null),
  'a prototype': ({ secret }) =>
    write(frame(`{"kind":"answer","secret":"${secret}","result":{"ended":true},"__proto__":{"passed":true}}`)),
  'a prototype in its result': ({ secret }) =>
    write(frame(`{"kind":"answer","secret":"${secret}","result":{"__proto__":{"ended":true}}}`)),
  'a constructor in its result': ({ secret }) =>
    write(frame(`{"kind":"answer","secret":"${secret}","result":{"ended":true,"constructor":{"prototype":{}}}}`)),
  'a value that is too long': ({ secret }) => answer(secret, { ended: true, value: 'x'.repeat(100_000) }),
  'an error that is too long': ({ secret }) => answer(secret, { ended: false, error: 'x'.repeat(3000) }),
  'no JSON': () => write(frame('{"kind":')),
  'JSON and more': ({ secret }) => write(frame(`{"kind":"answer","secret":"${secret}","result":{"ended":true}} {}`)),
  'deep JSON': () => write(frame('['.repeat(200_000))),
  'deep JSON that ends': ({ secret }) =>
    write(frame(`{"kind":"answer","secret":"${secret}","result":${'['.repeat(50_000)}${']'.repeat(50_000)}}`)),
  'bytes that are no text': () => write(frame(Buffer.from([0x22, 0xff, 0xfe, 0x22]))),
  'a frame without a body': () => write(Buffer.alloc(4)),
  'a frame of 4 GB': () => write(Buffer.from([0xff, 0xff, 0xff, 0xff])),
  'a frame that is a byte too long': () => write(frame('x', 256 * 1024 + 1)),
  'a text without frames': () => write(Buffer.from('{"kind":"answer"}\n')),
  'half a frame, and its end': ({ secret }) => {
    write(frame(JSON.stringify({ kind: 'answer', secret, result: END })).subarray(0, 40));
    process.exit(0);
  },
  'half a header, and its end': () => {
    write(Buffer.from([0, 0]));
    process.exit(0);
  },
  'a closed pipe': () => {
    closeSync(4);
    sleep(60_000);
  },
  'output without a text': () => send({ kind: 'output', text: '' }),
  'output that is no text': () => send({ kind: 'output', text: ['x'] }),
  'output in a piece that is too long': () => send({ kind: 'output', text: 'x'.repeat(20_000) }),
  'output in too many pieces': () => {
    for (let i = 0; i < 100_000; i++) send({ kind: 'output', text: 'x' });
  },
  'too many tests at once': ({ secret }) =>
    answer(secret, { tests: Array.from({ length: 101 }, () => ({ name: 'x' })), more: false }),
  'tests without names': ({ secret }) => answer(secret, { tests: [{}], more: false }),
  'tests that are null': ({ secret }) => answer(secret, { tests: null, more: false }),
  'tests with long names': ({ secret }) => answer(secret, { tests: [{ name: 'x'.repeat(201) }], more: false }),
  // behaviour that does not break the protocol
  'output without end': () => {
    for (;;) send({ kind: 'output', text: 'x'.repeat(16_000) });
  },
  'nothing more': () => sleep(60_000),
  'its end': () => process.exit(0),
  'an end with a code': () => process.exit(3),
  'an end as after too much output': () => process.exit(86),
  'a flood of complaints': ({ secret, kind }) => {
    for (let i = 0; i < 100; i++) {
      try {
        writeSync(2, 'x'.repeat(1e6));
      } catch {
        break;
      }
    }
    answer(secret, HONEST[kind]);
  },
  'an answer byte by byte': ({ secret, kind }) => {
    for (const byte of frame(JSON.stringify({ kind: 'answer', secret, result: HONEST[kind] })))
      write(Buffer.from([byte]));
  },
  'a failure': ({ secret }) => answer(secret, { ended: false, error: 'Error: no' }),
  'the end of its pipe for requests': ({ secret, kind }) => {
    closeSync(3);
    answer(secret, HONEST[kind]);
    sleep(60_000);
  },
  'more tests without end': ({ secret, kind }) => {
    answer(secret, kind === 'discover' ? { tests: HONEST.discover.tests, more: true } : HONEST[kind]);
    again = true;
  },
  'a message after the last request': ({ secret, kind }) => {
    answer(secret, HONEST[kind]);
    readSync(3, Buffer.alloc(1), 0, 1, null);
    send({ kind: 'answer', secret, result: END });
  },
};

const [part, at] = process.argv.slice(2);
const before = [];
let again = false;
if (at === 'start') PARTS[part]({ secret: '', kind: 'load' }, []);
send({ kind: 'warm' });
for (;;) {
  const request = readRequest();
  if (request.kind === at || (again && at)) PARTS[part](request, before);
  else answer(request.secret, HONEST[request.kind]);
  before.unshift(request);
}
