/** The caller may abort at any time: the call rejects with the caller's reason, and the upstream socket closes at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { endpointAt, hear } from '../support/endpoints';
import {
  cases,
  createScriptedGateway,
  now,
  quirks,
  type Reply,
  type ScriptedGateway,
} from '../support/scripted-gateway';
import { medianOfShots } from '../support/shots';

/** How soon the upstream must see the socket close. */
const AT_ONCE_MS = 100;

let gateway: ScriptedGateway;

beforeAll(async () => {
  gateway = await createScriptedGateway();
  gateway.script('m', {});
  // the first call of a process loads much of the HTTP stack
  await hear(endpointAt(gateway.url));
});
beforeEach(() => gateway.reset());
afterAll(() => gateway.stop());

class Cancelled extends Error {}

/** Aborts a call once `ready`, and returns what the caller received and how long the upstream took to notice. */
async function abortWhen(reply: Reply, ready: () => unknown) {
  const [controller, reason] = [new AbortController(), new Cancelled('by the caller')];
  gateway.script('m', reply);
  const received = hear(endpointAt(gateway.url), { signal: controller.signal });
  await gateway.waitFor(ready);
  const abortedAt = now();
  controller.abort(reason);
  const { error, text } = await received;
  const call = await gateway.waitFor(() => gateway.calls('m').find(({ endedBy }) => endedBy));
  return { error, reason, text, call, tookMs: (call.endedAt ?? Infinity) - abortedAt };
}

const called = () => gateway.calls('m')[0];

it.each<[string, Reply, () => unknown]>([
  ['before the headers', cases.hangBeforeHeaders[0]!, () => called()?.body],
  ['before the first token', { fault: { kind: 'hang', at: 0 } }, () => called()?.status],
  ['in the middle of a quick stream', cases.slowStream[0]!, () => (called()?.tokensSent ?? 0) >= 3],
  ['while the stream is silent', quirks.hangAfterThreeTokens[0]!, () => called()?.tokensSent === 3],
  ['when everything but the end was sent', quirks.openAfterDone[0]!, () => called()?.finish],
])('an abort %s rejects with its reason and closes the socket at once', async (_, reply, ready) => {
  const tookMs = await medianOfShots(async () => {
    gateway.reset();
    const aborted = await abortWhen(reply, ready);
    expect(aborted.error).toBe(aborted.reason);
    expect(aborted.call.endedBy).toBe('client-closed');
    expect(gateway.requests).toHaveLength(1);
    return aborted.tookMs;
  });
  expect(tookMs).toBeLessThan(AT_ONCE_MS);
});

it('no text is passed on after an abort', async () => {
  const controller = new AbortController();
  const received: string[] = [];
  // the stream arrives in a few packets, so much of it is already there when the abort comes
  gateway.script('m', { tokens: { count: 200 } });
  await hear(endpointAt(gateway.url), {
    signal: controller.signal,
    onText(text) {
      received.push(text);
      if (received.length === 3) controller.abort();
    },
  });
  await sleep(50);
  expect(received).toEqual(['#0 ', '#1 ', '#2 ']);
});

it('a call that is aborted before it starts makes no request', async () => {
  const reason = new Cancelled('before the call');
  const { error } = await hear(endpointAt(gateway.url), { signal: AbortSignal.abort(reason) });
  expect(error).toBe(reason);
  expect(gateway.requests).toHaveLength(0);
});

it('an abort never counts as success, even after a finish reason', async () => {
  const controller = new AbortController();
  gateway.script('m', { tokens: ['Hi'], fault: { kind: 'hang', at: 'done', forMs: 300 } });
  const received = hear(endpointAt(gateway.url), { signal: controller.signal });
  await gateway.waitFor(() => called()?.finish);
  controller.abort();
  expect(await received).toMatchObject({ error: { name: 'AbortError' } });
});

it('the abort of one call does not affect another on the same gateway', async () => {
  const controller = new AbortController();
  gateway.script('m', [cases.hangBeforeHeaders[0]!, { firstTokenMs: 100 }]);
  const aborted = hear(endpointAt(gateway.url), { signal: controller.signal });
  await gateway.waitFor(() => called()?.body);
  const other = hear(endpointAt(gateway.url));
  controller.abort();
  expect([(await aborted).text, (await other).text]).toEqual(['', 'Hello from upstream.']);
});
