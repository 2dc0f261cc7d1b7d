/** Whatever is published on the channels of the service, its listeners keep working and receive valid messages. */
import { once } from 'node:events';
import pino from 'pino';
import { createStartedRuns, readStartedRun, type StartedRunNotice } from '../../src/api/started-runs';
import { listenForCancellations } from '../../src/redis/cancellations';
import type { RedisConnection } from '../../src/redis/connect';
import { CANCEL_CHANNEL, STARTED_CHANNEL } from '../../src/redis/keys';
import { receiveMessages } from '../../src/redis/messages';
import { createTestRedis, type TestRedis } from '../support/redis';
import { until } from '../support/stack';
import { newScope } from './fixtures';

const GARBAGE = [
  '',
  ' ',
  '{',
  '{"run_id":',
  '{"run_id": 7}',
  '{"run_id": ""}',
  '{"run_id": "a b"}',
  '{"tenant": "a"}',
  '{"run_id": "a", "tenant": 7}',
  '[1]',
  '"run"',
  'two words',
  '../run',
  'a'.repeat(100_000),
  '{"a":'.repeat(50_000),
  '\u0000\uFFFF',
];

let server: TestRedis;
let redis: RedisConnection;

beforeAll(async () => {
  server = await createTestRedis();
  redis = server.connect();
});
afterAll(() => server.stop());

it.each(GARBAGE)('case %#: reads no started run from an invalid message', (text) =>
  expect(readStartedRun(text)).toBeUndefined(),
);

it('receives a started run after invalid messages, one of them thrown by a listener', async () => {
  const started = createStartedRuns(redis, pino({ level: 'silent' }));
  const answers: StartedRunNotice[] = [];
  started.listen((run) => {
    if (run.tenant === 'thrower') throw new Error('a listener that throws');
    answers.push(run);
  });
  const { run_id } = newScope();
  const bare = newScope().run_id;
  try {
    await until(async () => {
      const [, listeners] = (await redis.pubsub('NUMSUB', STARTED_CHANNEL)) as [string, number];
      return listeners > 0;
    });
    for (const text of GARBAGE) await redis.publish(STARTED_CHANNEL, text);
    started.announce({ run_id, tenant: 'thrower' });
    started.announce({ run_id, tenant: 'a' });
    await redis.publish(STARTED_CHANNEL, bare);
    await until(() => answers.some((run) => run.run_id === bare));
    expect(answers).toEqual([{ run_id, tenant: 'a' }, { run_id: bare }]);
  } finally {
    started.close();
  }
});

it('receives a cancelled run after invalid messages', async () => {
  const cancellations = await listenForCancellations(server.connect());
  const { run_id } = newScope();
  const { signal } = cancellations.watch(run_id);
  for (const text of GARBAGE) await redis.publish(CANCEL_CHANNEL, text);
  await redis.publish(CANCEL_CHANNEL, run_id);
  if (!signal.aborted) await once(signal, 'abort');
  expect(signal.aborted).toBe(true);
});

it('reports errors of a reader or a receiver, and receives the next message', async () => {
  const channel = newScope().run_id;
  const errors: unknown[] = [];
  const received: string[] = [];
  await receiveMessages(server.connect(), channel, {
    read(text) {
      if (text === 'unreadable') throw new Error('read');
      return text;
    },
    receive(text) {
      if (text === 'unwelcome') throw new Error('receive');
      received.push(text);
    },
    onError: (error) => errors.push(error),
  });
  for (const text of ['unreadable', 'unwelcome', 'last']) await redis.publish(channel, text);
  await until(() => received.includes('last'));
  expect(errors).toEqual([new Error('read'), new Error('receive')]);
  expect(received).toEqual(['last']);
});
