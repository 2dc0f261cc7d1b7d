/** The parts of limits that need no server: identifying callers, counting, and the order in which frames are processed. */
import type { IncomingMessage } from 'node:http';
import { setImmediate as tick } from 'node:timers/promises';
import { describeCaller } from '../../src/api/limits/caller';
import { ByteCounter, CallerSlots, OpenCounter } from '../../src/api/limits/counters';
import { FrameQueue } from '../../src/api/limits/frame-queue';
import { UnknownRuns } from '../../src/api/limits/unknown-runs';

const request = (remoteAddress: string | undefined, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded ? { 'x-forwarded-for': forwarded } : {},
  }) as unknown as IncomingMessage;

test.each<[string, string | undefined, string | undefined, number, string]>([
  ['the socket, where no proxy is trusted', '203.0.113.7', '198.51.100.1', 0, '203.0.113.7'],
  [
    "the last entry, which one trusted proxy wrote, not the client's own",
    '10.0.0.1',
    '198.51.100.1, 192.0.2.5',
    1,
    '192.0.2.5',
  ],
  ['the entry of the outer one of two proxies', '10.0.0.1', 'spoofed, 192.0.2.5, 10.0.0.2', 2, '192.0.2.5'],
  ['the first entry, where there are fewer than proxies', '10.0.0.1', '192.0.2.5', 3, '192.0.2.5'],
  ['the socket, where the proxy wrote nothing', '10.0.0.1', undefined, 1, '10.0.0.1'],
  ['IPv4 that is mapped into IPv6', '::ffff:192.0.2.5', undefined, 0, '192.0.2.5'],
  ['of IPv6 the network', '2001:db8:1:2:3:4:5:6', undefined, 0, '2001:db8:1:2::/64'],
  ['of shortened IPv6 the network', '2001:db8::1', undefined, 0, '2001:db8:0:0::/64'],
  ['the loopback network', '::1', undefined, 0, '0:0:0:0::/64'],
  ['nothing that is known', undefined, undefined, 0, 'unknown'],
])('the address of a caller is %s', (_, remote, forwarded, proxies, address) => {
  expect(describeCaller(undefined, request(remote, forwarded), proxies)).toEqual({
    ...{ tenant: undefined, address },
    name: `address:${address}`,
  });
});

test('a key is counted across addresses', () => {
  expect(describeCaller('me', request('10.0.0.1'), 0).name).toBe('key:me');
});

test('a second release has no effect', () => {
  const counter = new OpenCounter({ setting: 'MAX_SOCKETS_PER_KEY', limit: 2, message: 'Too many' });
  const [first] = [counter.enter('me'), counter.enter('me')];
  expect(() => counter.enter('me')).toThrow('Too many: MAX_SOCKETS_PER_KEY is 2.');
  counter.enter('you');
  first();
  first();
  counter.enter('me');
  expect(() => counter.enter('me')).toThrow();
});

test('refused bytes are not counted, and held bytes are released completely', () => {
  const bytes = new ByteCounter({ perCaller: 100, total: 150 });
  const held = bytes.hold('me');
  held.grow(60);
  expect(() => held.grow(41)).toThrow('MAX_BODIES_MB_PER_KEY');
  held.grow(40);
  expect(() => bytes.hold('you').grow(51)).toThrow('MAX_BODIES_MB is');
  held.release();
  held.release();
  bytes.hold('me').grow(100);
  bytes.hold('you').grow(50);
  expect(() => bytes.hold('you').grow(1)).toThrow('MAX_BODIES_MB is');
});

test('a caller’s slots are handed over in order, also by failing work, and do not delay other callers', async () => {
  const slots = new CallerSlots(2);
  const [begun, ends]: [number[], (() => void)[]] = [[], []];
  const run = (i: number) =>
    slots.run('me', async () => {
      begun.push(i);
      await new Promise<void>((resolve) => (ends[i] = resolve));
      if (i === 0) throw new Error('It fails.');
    });
  const all = [0, 1, 2, 3].map(run);
  all[0]?.catch(() => undefined);
  await tick();
  expect(begun).toEqual([0, 1]);
  await slots.run('you', async () => void begun.push(9));
  ends[0]!();
  await tick();
  expect(begun).toEqual([0, 1, 9, 2]);
  [1, 2].forEach((i) => ends[i]!());
  await tick();
  ends[3]!();
  expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual([
    'rejected',
    ...Array<string>(3).fill('fulfilled'),
  ]);
});

test('a socket is resumed only when none of its frames is waiting', async () => {
  const calls: string[] = [];
  const ends: (() => void)[] = [];
  const socket = { pause: () => void calls.push('pause'), resume: () => void calls.push('resume') };
  const queue = new FrameQueue<number>(socket, 2, (i) => {
    calls.push(`begin ${i}`);
    return new Promise<void>((resolve) => ends.push(resolve));
  });
  [0, 1, 2, 3].forEach((i) => queue.push(i));
  expect(calls).toEqual(['begin 0', 'begin 1', 'pause', 'pause']);
  ends[0]!();
  await tick();
  await tick();
  expect(calls.slice(4)).toEqual(['begin 2']);
  ends[1]!();
  await tick();
  await tick();
  expect(calls.slice(5)).toEqual(['begin 3', 'resume']);
});

test('unknown ids are kept for a second or until the run starts, and at most 10,000 of them', () => {
  jest.useFakeTimers({ now: 1_000_000 });
  const unknown = new UnknownRuns();
  for (let i = 0; i < 10_001; i++) unknown.add(`run-${i}`);
  expect([unknown.has('run-0'), unknown.has('run-1')]).toEqual([false, true]);
  unknown.forget('run-1');
  expect([unknown.has('run-1'), unknown.has('run-2')]).toEqual([false, true]);
  jest.setSystemTime(1_001_000);
  expect(unknown.has('run-2')).toBe(false);
  jest.useRealTimers();
});

test('synchronously processed frames do not block the event loop', async () => {
  let done = 0;
  const queue = new FrameQueue<number>({ pause: () => undefined, resume: () => undefined }, 4, async () => void done++);
  for (let i = 0; i < 1000; i++) queue.push(i);
  await tick();
  await tick();
  expect(done).toBeLessThan(20);
  while (done < 1000) await tick();
});
