import type { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { PromptPart } from '../../src/contract';
import { until } from '../support/stack';
import { createTheatre, swarmInput, type Theatre } from '../support/workflows';

let theatre: Theatre;
beforeAll(async () => (theatre = await createTheatre()), 60_000);
afterAll(() => theatre.stop());
beforeEach(() => {
  theatre.asked.length = theatre.closed.length = theatre.restored.length = 0;
  theatre.script = ({ turn }) => `text of ${turn}`;
});

const turns = () => theatre.asked.map(({ turn }) => turn);
const references = (parts: PromptPart[]) => parts.flatMap((part) => (typeof part === 'string' ? [] : [part.turn]));

async function failureOf(run: Promise<unknown>): Promise<WorkflowFailedError> {
  return run.then(
    () => Promise.reject(new Error('The workflow completed.')),
    (error: WorkflowFailedError) => error,
  );
}

describe('strategic', () => {
  test('drafts, has the draft criticised, and answers with the plan that follows', async () => {
    const result = await theatre.run(swarmInput('strategic-swarm'));
    expect(turns()).toEqual(['draft', 'critique', 'plan']);
    expect(result).toMatchObject({ status: 'complete', answers: ['plan'], failures: [] });
  });

  test('refers to earlier texts by turn, so that history holds each text once', async () => {
    theatre.script = ({ turn }) => `UNIQUE-${turn}`;
    const input = swarmInput('strategic-swarm');
    await theatre.run(input);
    expect(JSON.stringify(theatre.asked)).not.toContain('UNIQUE');
    expect(theatre.asked[2]?.messages.flatMap(({ parts }) => references(parts))).toEqual(['draft', 'critique']);
  });
});

describe('coding', () => {
  test.each([
    ['VERDICT: PASS', ['draft', 'review'], 'draft'],
    ['**VERDICT:** revise', ['draft', 'review', 'revision'], 'revision'],
    ['no verdict at all', ['draft', 'review', 'revision'], 'revision'],
  ])('after the review "%s" asks for %j and answers with the %s', async (review, expected, answer) => {
    theatre.script = ({ turn }) => (turn === 'review' ? review : turn);
    const result = await theatre.run(swarmInput('coding-swarm'));
    expect(turns()).toEqual(expected);
    expect(result.answers).toEqual([answer]);
  });
});

describe('debate', () => {
  test('asks the three voices at once, on three aliases, and the moderator after them', async () => {
    const open = new Set<string>();
    let most = 0;
    theatre.script = async ({ turn }) => {
      most = Math.max(most, open.add(turn).size);
      await until(() => most === 3 || turn === 'summary');
      open.delete(turn);
      return turn;
    };
    const result = await theatre.run(swarmInput('debate-swarm'));
    expect(turns().slice(0, 3).sort()).toEqual(['balanced', 'cautious', 'optimistic']);
    expect(
      theatre.asked
        .slice(0, 3)
        .map(({ definition }) => definition.alias)
        .sort(),
    ).toEqual(['debate_1', 'debate_2', 'fast']);
    expect(result.answers).toEqual(['optimistic', 'cautious', 'balanced', 'summary']);
  });

  test('goes on without a voice that fails, names it, and tells the moderator', async () => {
    theatre.script = ({ turn }) => {
      if (turn === 'cautious') throw ApplicationFailure.nonRetryable('is gone', 'MODEL_NOT_FOUND');
      return turn;
    };
    const result = await theatre.run(swarmInput('debate-swarm'));
    expect(result.failures).toMatchObject([{ turn: 'cautious', code: 'MODEL_NOT_FOUND', message: 'is gone' }]);
    expect(result.answers).toEqual(['optimistic', 'balanced', 'summary']);
    expect(JSON.stringify(theatre.asked[3]?.messages)).toContain('Not heard, because their models failed: cautious');
  });

  test('fails with the cause when all voices fail of it', async () => {
    theatre.script = () => {
      throw ApplicationFailure.nonRetryable('set the key', 'GATEWAY_KEY_MISSING');
    };
    const { cause } = await failureOf(theatre.run(swarmInput('debate-swarm')));
    expect(cause).toMatchObject({ type: 'GATEWAY_KEY_MISSING', message: 'set the key' });
  });
});

describe('every run', () => {
  test('that fails is closed as failed, with its code, and keeps what it had', async () => {
    theatre.script = ({ turn }) => {
      if (turn === 'critique') throw ApplicationFailure.nonRetryable('no credit', 'GATEWAY_CREDIT_EXHAUSTED');
      return turn;
    };
    const { cause } = await failureOf(theatre.run(swarmInput('strategic-swarm')));
    expect(cause).toMatchObject({ type: 'GATEWAY_CREDIT_EXHAUSTED', details: [{ turns: [{ turn: 'draft' }] }] });
    expect(theatre.closed).toMatchObject([{ status: 'failed', failure: { code: 'GATEWAY_CREDIT_EXHAUSTED' } }]);
  });

  test('that is cancelled is closed as cancelled, and ends as cancelled in Temporal', async () => {
    const input = swarmInput('strategic-swarm');
    theatre.script = async ({ turn }) => {
      if (turn === 'critique') await theatre.handle(input.run_id).cancel();
      return turn;
    };
    const { cause } = await failureOf(theatre.run(input));
    expect(cause).toBeInstanceOf(CancelledFailure);
    // a local activity may run again when news comes in while it runs; the store takes the first ending only
    expect(new Set(theatre.closed.map(({ status, failure }) => `${status} ${failure?.code}`))).toEqual(
      new Set(['cancelled CANCELLED']),
    );
    expect(turns()).toEqual(['draft', 'critique']);
  });

  test('puts texts back that Redis has lost, from its own record, and asks again', async () => {
    let lost = true;
    theatre.script = ({ turn }) => {
      if (turn !== 'plan' || !lost) return `text of ${turn}`;
      lost = false;
      throw ApplicationFailure.nonRetryable('lost', 'TEXT_LOST', ['draft']);
    };
    const result = await theatre.run(swarmInput('strategic-swarm'));
    expect(theatre.restored).toEqual([{ draft: 'text of draft', critique: 'text of critique' }]);
    expect(result.answers).toEqual(['plan']);
  });

  test('labels each turn in Temporal with who speaks, through which model', async () => {
    const models = { strategic: 'model-s', debate_1: 'model-1', debate_2: 'model-2', fast: 'model-f' };
    const input = { ...swarmInput('debate-swarm'), models };
    await theatre.run(input);
    const { events } = await theatre.handle(input.run_id).fetchHistory();
    const summaries = (events ?? []).flatMap(({ userMetadata, activityTaskScheduledEventAttributes }) =>
      activityTaskScheduledEventAttributes
        ? [JSON.parse(Buffer.from(userMetadata?.summary?.data ?? []).toString()) as string]
        : [],
    );
    expect(summaries).toEqual([
      'Optimistic voice · model-1',
      'Cautious voice · model-2',
      'Balanced voice · model-f',
      'Moderator · model-s',
    ]);
  });
});
