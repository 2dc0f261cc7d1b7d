import type { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { PromptPart } from '../../src/contract';
import { PLAN_HEADINGS } from '../../src/contract/plan';
import { planText } from '../support/plan';
import { createTheatre, swarmInput, type Theatre } from '../support/workflows';

let theatre: Theatre;
beforeAll(async () => (theatre = await createTheatre()), 60_000);
afterAll(() => theatre.stop());
beforeEach(() => {
  theatre.asked.length = theatre.closed.length = theatre.restored.length = 0;
  theatre.script = ({ turn }) => (turn.startsWith('plan') ? planText(turn) : `text of ${turn}`);
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
    theatre.script = ({ turn }) => planText(`UNIQUE-${turn}`);
    const input = swarmInput('strategic-swarm');
    await theatre.run(input);
    expect(JSON.stringify(theatre.asked)).not.toContain('UNIQUE');
    expect(theatre.asked[2]?.messages.flatMap(({ parts }) => references(parts))).toEqual(['draft', 'critique']);
  });
});

describe('a plan with gaps', () => {
  const BODY = 'word '.repeat(30);
  const whole = Object.values(PLAN_HEADINGS)
    .map((title) => `${title}\n${BODY}`)
    .join('\n');
  const without = (part: keyof typeof PLAN_HEADINGS) => whole.replace(`${PLAN_HEADINGS[part]}\n${BODY}`, '');
  const thin = whole.replace(`${PLAN_HEADINGS.challenges}\n${BODY}`, `${PLAN_HEADINGS.challenges}\nTime.`);
  const say = (plans: Record<string, string>) => {
    theatre.script = ({ turn }) => plans[turn] ?? `text of ${turn}`;
  };

  test('is not asked for again when it has none', async () => {
    say({ plan: whole });
    const { answers, structures } = await theatre.run(swarmInput('strategic-swarm'));
    expect(turns()).toEqual(['draft', 'critique', 'plan']);
    expect(answers).toEqual(['plan']);
    expect(structures?.plan).toMatchObject({ steps: BODY.trim(), missing: [], weak: [] });
  });

  test('is asked for again, with what is missing and what is thin', async () => {
    say({ plan: thin.replace(`${PLAN_HEADINGS.resources}\n${BODY}`, ''), 'plan-mended': whole });
    const { answers } = await theatre.run(swarmInput('strategic-swarm'));
    expect(answers).toEqual(['plan-mended']);
    const request = JSON.stringify(theatre.asked[3]?.messages);
    expect(request).toContain('4. Resource requirements\\" is missing');
    expect(request).toContain('3. Potential challenges\\" says too little');
    expect(request).not.toContain('1. High-level architecture\\"');
  });

  test('that is never mended stays as it was, and says what it lacks', async () => {
    say({ plan: without('steps'), 'plan-mended': 'worse' });
    const { answers, structures } = await theatre.run(swarmInput('strategic-swarm'));
    expect(turns()).toEqual(['draft', 'critique', 'plan', 'plan-mended']);
    expect(answers).toEqual(['plan']);
    expect(structures?.plan).toMatchObject({ missing: ['steps'], weak: [], steps: '' });
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
      if (turn !== 'plan') return `text of ${turn}`;
      if (!lost) return planText('plan');
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
    theatre.script = ({ turn }) =>
      turn === 'judge' ? '{"decision":"accept","confidence_score":1,"quality_score":1}' : 'POSITION: for';
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
      'Moderator, judge as data · model-s',
    ]);
  });
});
