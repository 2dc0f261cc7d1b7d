/** Texts too large for Temporal: the run fails itself with a clear code before the server terminates it. */
import type { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { fillTexts, isShortened, shortenRecord } from '../../src/answers/long-records';
import { PAYLOAD_LIMIT, payloadSize, splitText, TextParts, type SentTurn } from '../../src/contract/payloads';
import { readPlan } from '../../src/answers/plan';
import type { SwarmResult, TurnResult } from '../../src/contract';
import { coordinateInput, createHarness, swarmInput, type Harness } from '../support/workflows';
import { PLACE } from '../support/events';

let harness: Harness;
beforeAll(async () => (harness = await createHarness()), 60_000);
afterAll(() => harness.stop());
beforeEach(() => (harness.asked.length = 0));

/** Just below the maximum size of an activity's result. */
const LONG = 'long words '.repeat(170_000);

test('a run whose history nears its limit fails with its partial result, and begins no further turn', async () => {
  harness.script = ({ turn }) => `VERDICT: REVISE\n${turn}\n${LONG}`;
  const input = coordinateInput(10);
  const { cause } = (await harness.run(input).catch((error: unknown) => error)) as WorkflowFailedError;
  expect(cause).toMatchObject({ type: 'RUN_TOO_LARGE' });
  const { status, result } = harness.closed.at(-1)!;
  expect(status).toBe('failed');
  expect(result.turns.map(({ turn }) => turn)).toEqual(harness.asked.map(({ turn }) => turn));
  expect(result.turns.every(({ text }) => text.endsWith(LONG))).toBe(true);
  const [details] = (cause as ApplicationFailure).details as [SwarmResult];
  expect(details.turns.map(({ turn }) => turn)).toEqual(harness.asked.map(({ turn }) => turn));
  expect(isShortened(details)).toBe(true);
  const { historySize } = await harness.handle(input.run_id).describe();
  expect(historySize).toBeLessThan(40 * 1024 * 1024);
}, 120_000);

test('the session stores a long answer in full, and the result omits its text, which is in the history', async () => {
  harness.script = () => LONG;
  const result = await harness.run(swarmInput('strategic-swarm'));
  expect(isShortened(result)).toBe(true);
  expect(payloadSize(result)).toBeLessThan(PAYLOAD_LIMIT);
  expect(harness.closed.at(-1)!.result.turns.every(({ text }) => text === LONG)).toBe(true);
});

test('a short result contains its texts', async () => {
  harness.script = ({ turn }) => turn;
  const result = await harness.run(swarmInput('strategic-swarm'));
  expect(isShortened(result)).toBe(false);
  expect(result.turns.map(({ text }) => text)).toContain('plan');
});

describe('the parts of a text', () => {
  const TEXTS = ['', 'a', '😀'.repeat(1000), '"\\\n\u0001'.repeat(1000), 'é\uD800x'.repeat(999)];

  test.each(TEXTS.map((text, i) => [i, text] as const))(
    'text %i is unchanged after it is split and reassembled',
    (_i, text) => {
      const parts = splitText(text, 500);
      expect(parts.join('')).toBe(text);
      for (const part of parts) expect(payloadSize(part)).toBeLessThanOrEqual(500);
      const received = new TextParts();
      const text_parts = { text_id: 'id', count: parts.length };
      const names = { turn: 't', role: 'r', label: 'R', place: PLACE };
      const turn = { model: 'm', text: '', text_parts } as SentTurn;
      // as JSON, in another order, and with the first part twice
      const sent = parts.map(
        (part, index) => JSON.parse(JSON.stringify({ text_id: 'id', index, text: part })) as never,
      );
      for (const part of [...sent.slice(1).reverse(), ...sent.slice(0, 1)]) {
        expect(received.complete(names, turn)).toBeUndefined();
        received.add(part);
      }
      received.add(sent[0]!);
      expect(received.complete(names, turn)).toEqual({ ...names, model: 'm', text });
    },
  );
});

test('a record without its texts is restored exactly from the history', () => {
  const readTurn = (turn: string, text: string) => ({ turn, text, model: 'm' }) as TurnResult;
  const text = `## Architecture\n${'word '.repeat(40)}\n## Resources\n${LONG}`;
  const turns = [readTurn('draft', LONG), readTurn('plan', text), readTurn('plan-mended', 'none')];
  const record: SwarmResult = { turns, answers: ['plan'], failures: [], structures: { plan: readPlan(text) } };
  const short = shortenRecord(record);
  expect(payloadSize(short)).toBeLessThan(2000);
  expect(fillTexts(short, turns)).toEqual(record);
  expect(() => fillTexts(short, turns.slice(1))).toThrow('draft');
});
