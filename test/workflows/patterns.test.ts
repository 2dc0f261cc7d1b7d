import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { CheckReport, PromptPart } from '../../src/contract';
import { PLAN_HEADINGS } from '../../src/answers/plan';
import { sumTotals } from '../../src/events/totals';
import { planText } from '../support/plan';
import { until } from '../support/stack';
import { createHarness, incomparable, report, swarmInput, type Harness, ownInput } from '../support/workflows';

let harness: Harness;
beforeAll(async () => (harness = await createHarness()), 60_000);
afterAll(() => harness.stop());
beforeEach(() => {
  harness.asked.length = harness.closed.length = harness.restored.length = harness.verified.length = 0;
  harness.compared.length = 0;
  harness.comparison = incomparable;
  harness.execution = () => report();
  harness.script = ({ turn }) => (turn.startsWith('plan') ? planText(turn) : `text of ${turn}`);
});

const turns = () => harness.asked.map(({ turn }) => turn);
const references = (parts: PromptPart[]) => parts.flatMap((part) => (typeof part === 'string' ? [] : [part.turn]));

async function readFailure(run: Promise<unknown>): Promise<WorkflowFailedError> {
  return run.then(
    () => Promise.reject(new Error('The workflow completed.')),
    (error: WorkflowFailedError) => error,
  );
}

describe('strategic', () => {
  test('drafts, has the draft criticised, and answers with the plan that follows', async () => {
    const result = await harness.run(swarmInput('strategic-swarm'));
    expect(turns()).toEqual(['draft', 'critique', 'plan']);
    expect(result).toMatchObject({ status: 'complete', answers: ['plan'], failures: [] });
  });

  test('refers to earlier texts by turn, so that history holds each text once', async () => {
    harness.script = ({ turn }) => planText(`UNIQUE-${turn}`);
    const input = swarmInput('strategic-swarm');
    await harness.run(input);
    expect(JSON.stringify(harness.asked)).not.toContain('UNIQUE');
    expect(harness.asked[2]?.messages.flatMap(({ parts }) => references(parts))).toEqual(['draft', 'critique']);
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
    harness.script = ({ turn }) => plans[turn] ?? `text of ${turn}`;
  };

  test('is not requested again if it has no gaps', async () => {
    say({ plan: whole });
    const { answers, structures } = await harness.run(swarmInput('strategic-swarm'));
    expect(turns()).toEqual(['draft', 'critique', 'plan']);
    expect(answers).toEqual(['plan']);
    expect(structures?.plan).toMatchObject({ steps: BODY.trim(), missing: [], weak: [] });
  });

  test('is requested again, with the missing and the weak parts', async () => {
    say({ plan: thin.replace(`${PLAN_HEADINGS.resources}\n${BODY}`, ''), 'plan-mended': whole });
    const { answers } = await harness.run(swarmInput('strategic-swarm'));
    expect(answers).toEqual(['plan-mended']);
    const request = JSON.stringify(harness.asked[3]?.messages);
    expect(request).toContain('4. Resource requirements\\" is missing');
    expect(request).toContain('3. Potential challenges\\" says too little');
    expect(request).not.toContain('1. High-level architecture\\"');
  });

  test('that stay is kept with its record of gaps', async () => {
    say({ plan: without('steps'), 'plan-mended': 'worse' });
    const { answers, structures } = await harness.run(swarmInput('strategic-swarm'));
    expect(turns()).toEqual(['draft', 'critique', 'plan', 'plan-mended']);
    expect(answers).toEqual(['plan']);
    expect(structures?.plan).toMatchObject({ missing: ['steps'], weak: [], steps: '' });
  });
});

describe('build', () => {
  const holds = report([{ origin: 'load' }, { name: 'f(1) gives 2' }]);
  const fails = report([
    { origin: 'load' },
    { name: 'f(1) gives 2', passed: false, error: 'f(1) returned 3, expected 2' },
  ]);
  const executing = (results: Record<string, CheckReport>) => {
    harness.execution = ({ turn }) => results[turn] ?? fails;
  };
  const text = (turn: string) => {
    const { messages } = harness.asked.find((request) => request.turn === turn)!;
    return messages
      .flatMap(({ parts }) => parts.map((part) => (typeof part === 'string' ? part : `<${part.turn}>`)))
      .join('');
  };

  test('executes the draft with the checks of the request, and requests a short review if it passes', async () => {
    executing({ draft: holds });
    const input = swarmInput('coding-swarm', 'f(1) gives 2');
    const result = await harness.run(input);
    expect(turns()).toEqual(['draft', 'review']);
    const { run_id, session_id, team_id } = input;
    expect(harness.verified).toEqual([
      { run_id, session_id, team_id, turn: 'draft', length: 'text of draft'.length, request: 'f(1) gives 2' },
    ]);
    expect(harness.asked[1]?.definition.max_tokens).toBeLessThan(100);
    expect(result).toMatchObject({
      answers: ['draft'],
      verification: { turn: 'draft', rounds: 0, passed: true, checks: holds.checks },
    });
  });

  /** Without further coders. */
  const alone = () => {
    const given = swarmInput('coding-swarm');
    const { coder, reviewer } = given.swarm.roles;
    return { ...given, swarm: { ...given.swarm, roles: { coder: coder!, reviewer: reviewer! } } };
  };

  test('sends failures back with actual and expected values, until a repair passes', async () => {
    executing({ 'repair-1': holds });
    const result = await harness.run(alone());
    expect(turns()).toEqual(['draft', 'repair-1', 'review']);
    expect(text('repair-1')).toContain('<draft>');
    expect(text('repair-1')).toContain('f(1) returned 3, expected 2');
    expect(result).toMatchObject({
      answers: ['repair-1'],
      verification: { turn: 'repair-1', rounds: 1, passed: true },
    });
  });

  test('does not show a draft that was cut off to the role that repairs it', async () => {
    executing({ 'repair-1': holds });
    harness.cutOff = ({ turn }) => turn === 'draft';
    const result = await harness.run(alone());
    harness.cutOff = () => false;
    expect(text('repair-1')).not.toContain('<draft>');
    expect(text('repair-1')).toContain('f(1) returned 3, expected 2\nIt was cut off');
    expect(result.answers).toEqual(['repair-1']);
  });

  test('also starts over at a higher temperature, and stops at the first candidate that passes', async () => {
    executing({ 'repair-1-2': holds });
    const result = await harness.run(alone());
    expect(turns()).toEqual(['draft', 'repair-1', 'repair-1-2', 'review']);
    expect(text('repair-1-2')).not.toContain('<');
    expect(text('repair-1-2')).toContain('f(1) returned 3, expected 2');
    const [draft, first, fresh] = harness.asked.map(({ definition }) => definition.temperature);
    expect([draft! < first!, first! < fresh!]).toEqual([true, true]);
    expect(result.answers).toEqual(['repair-1-2']);
  });

  test('in later rounds writes a new draft without the earlier failures', async () => {
    executing({ 'repair-2-3': holds });
    expect((await harness.run(alone())).answers).toEqual(['repair-2-3']);
    expect(text('repair-2-3')).toBe(text('draft'));
  });

  test('answers with the best draft if none passes, and says so', async () => {
    const half = report([{ origin: 'load' }, {}, { passed: false, error: 'still wrong' }]);
    executing({ 'repair-3': half });
    const result = await harness.run(alone());
    expect(turns()).toEqual([
      'draft',
      ...['repair-1', 'repair-1-2'],
      ...['repair-2', 'repair-2-2', 'repair-2-3'],
      ...['repair-3', 'repair-3-2', 'repair-3-3', 'repair-3-4'],
      'review',
    ]);
    expect(result).toMatchObject({
      answers: ['repair-3'],
      verification: { turn: 'repair-3', rounds: 3, passed: false },
    });
    expect(text('review')).toContain('still wrong');
  });

  test('asks another coder, who receives only the task, before it sends failures back', async () => {
    executing({ 'other-1': holds });
    const result = await harness.run(swarmInput('coding-swarm'));
    expect(turns()).toEqual(['draft', 'other-1', 'review']);
    expect(text('other-1')).toBe(text('draft'));
    expect(harness.asked[1]).toMatchObject({ role: 'second_coder', definition: { temperature: 0 } });
    expect(result).toMatchObject({ answers: ['other-1'], verification: { turn: 'other-1', rounds: 1 } });
  });

  test('another coder drafts in every round, each time at another temperature', async () => {
    executing({});
    await harness.run(swarmInput('coding-swarm'));
    expect(turns()).toEqual([
      'draft',
      ...['other-1', 'repair-1'],
      ...['other-2', 'other-2-2', 'repair-2', 'repair-2-2'],
      ...['other-3', 'other-3-2', 'repair-3', 'repair-3-2'],
      'review',
    ]);
    const others = harness.asked.filter(({ role }) => role === 'second_coder');
    expect(new Set(others.map(({ definition }) => definition.temperature)).size).toBe(others.length);
    expect(text('repair-1')).toContain('f(1) returned 3, expected 2');
  });

  test('several other coders take turns', async () => {
    executing({});
    const given = swarmInput('coding-swarm');
    const third_coder = { ...given.swarm.roles.second_coder!, models: ['a-model'] };
    const roles = { ...given.swarm.roles, third_coder };
    await harness.run({ ...given, swarm: { ...given.swarm, roles } });
    const others = harness.asked.filter(({ turn }) => turn.startsWith('other'));
    const [second, third] = ['second_coder', 'third_coder'];
    expect(others.map(({ role }) => role)).toEqual([second, third, second, third, second]);
  });

  test('asks no other coder, who may write no tests, if the own tests of the program decide', async () => {
    executing({ draft: report([{ origin: 'load' }, { origin: 'own', passed: false }]), 'repair-1': holds });
    await harness.run(swarmInput('coding-swarm'));
    expect(turns()).toEqual(['draft', 'repair-1', 'review']);
  });

  test('the examples of the request take precedence over the tests of the program', async () => {
    const contradicted = report([{ origin: 'load' }, {}, { origin: 'own', passed: false, error: 'AssertionError' }]);
    executing({ draft: contradicted });
    const result = await harness.run(swarmInput('coding-swarm'));
    expect(turns()).toEqual(['draft', 'review']);
    expect(result.verification).toMatchObject({ passed: true, checks: contradicted.checks });
  });

  test('without examples the tests of the program decide', async () => {
    executing({
      draft: report([{ origin: 'load' }, { origin: 'own', passed: false, error: 'AssertionError' }]),
      'repair-1': holds,
    });
    expect((await harness.run(swarmInput('coding-swarm'))).answers).toEqual(['repair-1']);
  });

  test('code that cannot be executed is reviewed and returned unchanged', async () => {
    executing({ draft: report([], { executed: false, passed: false, reason: 'Not rust.', language: 'rust' }) });
    const result = await harness.run(swarmInput('coding-swarm'));
    expect(turns()).toEqual(['draft', 'review']);
    expect(result.verification).toMatchObject({ executed: false, passed: false, reason: 'Not rust.' });
    expect(text('review')).toContain('Not rust.');
  });

  const lacking = report([], { executed: false, passed: false, missing: ['flask'], avoidable: true });

  test('a dependency that the sandbox lacks is reported without a repair', async () => {
    executing({ draft: lacking });
    const result = await harness.run(swarmInput('coding-swarm'));
    expect([result.answers, turns()]).toEqual([['draft'], ['draft', 'review']]);
    expect(result.verification).toMatchObject({ executed: false, missing: ['flask'], rounds: 0 });
  });

  test('a missing dependency that a plan has added leads to one rewrite without it', async () => {
    const staged = ownInput({
      ...{ id: 'staged', name: 'Staged', description: '', pattern: 'pipeline' as const, roles: {} },
      stages: [{ name: 'implement', swarm: 'coding-swarm' }],
    });
    executing({ 'implement/draft': lacking, 'implement/repair-1': holds });
    expect(await harness.run(staged)).toMatchObject({
      answers: ['implement/repair-1'],
      verification: { executed: true, passed: true, rounds: 1 },
    });
    expect(text('implement/repair-1')).toContain('flask is not there');
    harness.asked.length = 0;
    executing({ 'implement/draft': lacking, 'implement/repair-1': lacking });
    const { answers } = await harness.run({ ...staged, run_id: `${staged.run_id}-2` });
    expect(answers).toEqual(['implement/draft']);
    expect(turns()).toEqual(['implement/draft', 'implement/repair-1', 'implement/review']);
  });

  /** A call that runs until it is cancelled, and then reports its usage. */
  const untilStopped = async (...used: unknown[]): Promise<never> => {
    const beating = setInterval(() => Context.current().heartbeat(), 100);
    await Context.current().cancelled.catch(() => clearInterval(beating));
    throw new CancelledFailure('stopped', used);
  };

  const ofDrafts = (drafts: number) => {
    const given = swarmInput('coding-swarm');
    return { ...given, swarm: { ...given.swarm, build: { drafts } } };
  };

  test('the best of several drafts is used, and the first has the temperature of a single draft', async () => {
    const half = report([{ origin: 'load' }, {}, { passed: false, error: 'nearly' }]);
    executing({ 'draft-2': half, 'repair-1': holds });
    const { answers } = await harness.run(ofDrafts(3));
    expect(turns().slice(0, 3).sort()).toEqual(['draft', 'draft-2', 'draft-3']);
    expect(turns().slice(3)).toEqual(['other-1', 'repair-1', 'review']);
    expect(text('repair-1')).toContain('<draft-2>');
    const temperatures = Object.fromEntries(
      harness.asked.map(({ turn, definition: { temperature } }) => [turn, temperature]),
    );
    expect(temperatures.draft).toBe(0);
    expect(new Set(Object.values(temperatures)).size).toBeGreaterThan(3);
    expect(answers).toEqual(['repair-1']);
    expect(harness.compared).toEqual([]);
  });

  describe('passing drafts that can be compared', () => {
    /** Groups of turns that return the same values; all answer each call. */
    const returning = (...groups: string[][]) => {
      const readGroup = (turn: string) => groups.find((group) => group.includes(turn))!;
      const CALLS = 10;
      harness.comparison = (names) => {
        const agreeing = names.map((turn) => names.filter((other) => readGroup(turn).includes(other)).length);
        return { calls: CALLS, support: agreeing.map((count) => (count - 1) * CALLS), agreeing };
      };
    };

    test('the draft with the most agreement is the answer, though another was requested first', async () => {
      executing({ draft: holds, 'draft-2': holds, 'draft-3': holds });
      returning(['draft'], ['draft-2', 'draft-3']);
      const result = await harness.run(ofDrafts(3));
      expect(result).toMatchObject({
        answers: ['draft-2'],
        verification: { turn: 'draft-2', rounds: 0, agreement: { drafts: 3, agreeing: 2, calls: 10 } },
      });
      expect(harness.compared.at(-1)).toEqual(['draft', 'draft-2', 'draft-3']);
    });

    test('no further draft is written once those that agree lead by two', async () => {
      executing({ draft: holds, 'draft-2': holds, 'draft-3': holds });
      returning(['draft', 'draft-2', 'draft-3']);
      const result = await harness.run(ofDrafts(3));
      expect(result).toMatchObject({ answers: ['draft'], verification: { agreement: { drafts: 2, agreeing: 2 } } });
      expect([turns(), result.failures]).toEqual([['draft', 'draft-2', 'review'], []]);
    });

    test.each<[string, string[], string[][], number]>([
      ['two return the same', [], [['draft', 'draft-2']], 2],
      ['one fails', ['draft-2'], [['draft', 'draft-3', 'draft-4']], 4],
      ['two fail', ['draft-2', 'draft-3'], [['draft', 'draft-4', 'draft-5']], 5],
      ['one returns something else', [], [['draft', 'draft-3', 'draft-4'], ['draft-2']], 4],
      ['it stays undecided', [], [['draft', 'draft-3'], ['draft-2', 'draft-4'], ['draft-5']], 5],
    ])(
      'of five drafts only as many are written as are needed for a lead of two, if %s',
      async (_, failing, groups, written) => {
        const names = ['draft', 'draft-2', 'draft-3', 'draft-4', 'draft-5'];
        executing(Object.fromEntries(names.map((name) => [name, failing.includes(name) ? fails : holds])));
        returning(...groups);
        const { answers, verification } = await harness.run(ofDrafts(5));
        expect(turns().sort()).toEqual([...names.slice(0, written), 'review']);
        expect([answers, verification?.agreement?.agreeing]).toEqual([['draft'], groups[0]!.length]);
      },
    );

    test('if all return different values, the first is the answer and the record says so', async () => {
      executing({ draft: holds, 'draft-3': holds });
      returning(['draft'], ['draft-3']);
      const { answers, verification } = await harness.run(ofDrafts(3));
      expect([answers, verification?.agreement]).toEqual([['draft'], { drafts: 2, agreeing: 1, calls: 10, failed: 1 }]);
    });

    test('a draft interrupted for guidance keeps its position, though it restarts under another name', async () => {
      executing({ draft: holds, 'draft-2~2': holds, 'draft-3': holds });
      returning(['draft'], ['draft-2~2'], ['draft-3']);
      harness.script = async ({ turn }) => {
        if (turn === 'draft-2') await untilStopped();
        return turn;
      };
      const handle = await harness.start(ofDrafts(3));
      await until(() => harness.compared.length > 0);
      const guidance = { content: 'Mind the otters.', interrupt: true };
      const answer = handle.executeUpdate('message', { args: [guidance], updateId: randomUUID() });
      expect(await answer).toEqual({ interrupted: ['draft-2'] });
      expect(await handle.result()).toMatchObject({ answers: ['draft'], verification: { agreement: { agreeing: 1 } } });
      expect(harness.compared.at(-1)).toEqual(['draft', 'draft-2~2', 'draft-3']);
    });

    test('the values of a draft that fails its checks do not count, and the record counts the failure', async () => {
      executing({ draft: fails, 'draft-2': fails, 'draft-3': holds });
      returning(['draft', 'draft-2'], ['draft-3']);
      const { answers, verification } = await harness.run(ofDrafts(3));
      expect([answers, harness.compared]).toEqual([['draft-3'], [['draft-3']]]);
      expect(verification?.agreement).toEqual({ drafts: 1, agreeing: 1, calls: 0, failed: 2 });
    });

    test('a draft that could not be executed counts neither for nor against the others', async () => {
      const unknown = report([], { executed: false, reason: 'Not in this language.' });
      executing({ draft: holds, 'draft-2': unknown, 'draft-3': holds });
      returning(['draft', 'draft-3']);
      const { verification } = await harness.run(ofDrafts(5));
      expect(turns().sort()).toEqual(['draft', 'draft-2', 'draft-3', 'review']);
      expect(verification?.agreement).toEqual({ drafts: 2, agreeing: 2, calls: 10 });
    });

    test('other coders write the further drafts, first at the temperature of their role and then at higher ones', async () => {
      executing({});
      await harness.run(ofDrafts(4));
      const drafts = harness.asked.filter(({ turn }) => turn.startsWith('draft'));
      const by = Object.fromEntries(drafts.map(({ turn, role, definition }) => [turn, [role, definition.temperature]]));
      expect(by).toMatchObject({
        draft: ['coder', 0],
        'draft-2': ['second_coder', 0],
        'draft-3': ['second_coder', 0.8],
      });
      const again = harness.asked.find(({ turn }) => turn === 'other-1');
      expect(again?.definition.temperature).toBeGreaterThan(0);
    });
  });

  describe('an untested program', () => {
    const loads = report([{ origin: 'load' }]);
    const nearly = report([
      { origin: 'load' },
      { origin: 'own' },
      { origin: 'own', passed: false, error: 'off by one' },
    ]);
    const tested = report([{ origin: 'load' }, { origin: 'own' }]);

    test('is the answer if none was tested, and the record says so', async () => {
      executing({ draft: loads });
      const result = await harness.run(swarmInput('coding-swarm'));
      expect([turns(), result.verification?.passed]).toEqual([['draft', 'review'], true]);
      expect(text('review')).toContain('nothing tests it');
    });

    test('does not win against a tested one whose tests it has dropped', async () => {
      executing({ draft: nearly, 'repair-1': loads, 'repair-1-2': nearly, 'repair-2': tested });
      const result = await harness.run(alone());
      expect(turns()).toEqual(['draft', 'repair-1', 'repair-1-2', 'repair-2', 'review']);
      expect(text('repair-2')).toContain('<draft>');
      expect(result.answers).toEqual(['repair-2']);
    });

    test('does not cancel a draft that may contain tests, if drafts cannot be compared', async () => {
      executing({ draft: tested, 'draft-2': loads });
      harness.script = async ({ turn }) => {
        if (turn === 'draft') await until(() => harness.compared.length > 0);
        return turn;
      };
      const result = await harness.run(ofDrafts(5));
      expect(turns()).toEqual(['draft', 'draft-2', 'review']);
      expect([result.answers, result.failures]).toEqual([['draft'], []]);
    });

    test('is the answer once a second draft has no tests either', async () => {
      let isExecuted = false;
      harness.execution = ({ turn }) => {
        isExecuted ||= turn === 'draft';
        return loads;
      };
      harness.script = async ({ turn }) => {
        if (turn === 'draft-2') await until(() => isExecuted);
        return turn;
      };
      expect((await harness.run(ofDrafts(5))).answers).toEqual(['draft']);
      expect(turns()).toEqual(['draft', 'draft-2', 'review']);
    });

    test('ranks below a tested one that returns the same', async () => {
      executing({ draft: loads, 'draft-2': tested });
      harness.comparison = (names) => {
        return { calls: 3, support: names.map(() => 3 * (names.length - 1)), agreeing: names.map(() => names.length) };
      };
      expect((await harness.run(ofDrafts(2))).answers).toEqual(['draft-2']);
    });
  });

  test('passing drafts are kept if the comparison fails', async () => {
    executing({ draft: holds, 'draft-2': holds });
    harness.comparison = () => {
      throw ApplicationFailure.nonRetryable('out of order', 'INTERNAL');
    };
    const result = await harness.run(ofDrafts(3));
    expect(result).toMatchObject({ status: 'complete', verification: { passed: true } });
    expect(result.verification).not.toHaveProperty('agreement');
  });

  test('the first draft that passes cancels the parallel one, which is recorded with its usage', async () => {
    executing({ 'draft-2': holds });
    const used = { usage: { prompt_tokens: 9, completion_tokens: 3 }, cost_usd: 0.25 };
    harness.script = async ({ turn }) => {
      if (turn === 'draft-2' || turn === 'review') return turn;
      return untilStopped(used);
    };
    const result = await harness.run(ofDrafts(3));
    expect(result).toMatchObject({ answers: ['draft-2'], verification: { passed: true, rounds: 0 } });
    expect(result.failures.map(({ turn, code }) => [turn, code])).toEqual([['draft', 'CUT_OFF']]);
    expect(harness.stopped).toContainEqual(['draft', 'CUT_OFF']);
    expect(sumTotals(result).cost_usd).toBeCloseTo(0.25 + 2 * 0.001, 9);
  });

  test('a failed draft is recorded, and the run fails only if no draft was written', async () => {
    executing({ 'draft-3': holds });
    const gone = (...names: string[]) => {
      harness.script = ({ turn }) => {
        if (names.includes(turn)) throw ApplicationFailure.nonRetryable('is gone', 'BUDGET_EXHAUSTED');
        return turn;
      };
    };
    gone('draft', 'draft-2');
    const result = await harness.run(ofDrafts(3));
    expect(result.answers).toEqual(['draft-3']);
    expect(result.failures).toMatchObject([
      { turn: 'draft', code: 'BUDGET_EXHAUSTED' },
      { turn: 'draft-2', code: 'BUDGET_EXHAUSTED' },
    ]);
    gone('draft', 'draft-2', 'draft-3');
    await readFailure(harness.run(ofDrafts(3)));
    expect(harness.closed.at(-1)).toMatchObject({ status: 'failed', failure: { code: 'BUDGET_EXHAUSTED' } });
  });

  test('completes without a review that fails', async () => {
    executing({ draft: holds });
    harness.script = ({ turn }) => {
      if (turn === 'review') throw ApplicationFailure.nonRetryable('is gone', 'MODEL_NOT_FOUND');
      return turn;
    };
    expect(await harness.run(swarmInput('coding-swarm'))).toMatchObject({
      answers: ['draft'],
      failures: [{ turn: 'review' }],
    });
  });

  test('restores a text that Redis has lost before the code is executed', async () => {
    let lost = true;
    harness.execution = () => {
      if (!lost) return holds;
      lost = false;
      throw ApplicationFailure.nonRetryable('lost', 'TEXT_LOST', ['draft']);
    };
    const result = await harness.run(swarmInput('coding-swarm'));
    expect(harness.restored).toEqual([{ draft: 'text of draft' }]);
    expect(result.verification?.passed).toBe(true);
  });
});

describe('coding', () => {
  const input = () => {
    const given = swarmInput('coding-swarm');
    return { ...given, swarm: { ...given.swarm, pattern: 'coding' as const } };
  };

  test.each([
    ['VERDICT: PASS', ['draft', 'review'], 'draft'],
    ['**VERDICT:** revise', ['draft', 'review', 'revision'], 'revision'],
    ['no verdict at all', ['draft', 'review', 'revision'], 'revision'],
  ])('after the review "%s" the turns are %j and the answer is the %s', async (review, expected, answer) => {
    harness.script = ({ turn }) => (turn === 'review' ? review : turn);
    const result = await harness.run(input());
    expect(turns()).toEqual(expected);
    expect(result.answers).toEqual([answer]);
  });
});

describe('every run', () => {
  test('that fails is closed as failed, with its code and partial result', async () => {
    harness.script = ({ turn }) => {
      if (turn === 'critique') throw ApplicationFailure.nonRetryable('no credit', 'GATEWAY_CREDIT_EXHAUSTED');
      return turn;
    };
    const { cause } = await readFailure(harness.run(swarmInput('strategic-swarm')));
    expect(cause).toMatchObject({ type: 'GATEWAY_CREDIT_EXHAUSTED', details: [{ turns: [{ turn: 'draft' }] }] });
    expect(harness.closed).toMatchObject([{ status: 'failed', failure: { code: 'GATEWAY_CREDIT_EXHAUSTED' } }]);
  });

  test('that is cancelled is closed as cancelled, and ends as cancelled in Temporal', async () => {
    const input = swarmInput('strategic-swarm');
    harness.script = async ({ turn }) => {
      if (turn === 'critique') await harness.handle(input.run_id).cancel();
      return turn;
    };
    const { cause } = await readFailure(harness.run(input));
    expect(cause).toBeInstanceOf(CancelledFailure);
    // a local activity may run again if an event arrives meanwhile; the store accepts only the first ending
    expect(new Set(harness.closed.map(({ status, failure }) => `${status} ${failure?.code}`))).toEqual(
      new Set(['cancelled CANCELLED']),
    );
    expect(turns()).toEqual(['draft', 'critique']);
  });

  test('restores texts that Redis has lost from its own record, and repeats the turn', async () => {
    let lost = true;
    harness.script = ({ turn }) => {
      if (turn !== 'plan') return `text of ${turn}`;
      if (!lost) return planText('plan');
      lost = false;
      throw ApplicationFailure.nonRetryable('lost', 'TEXT_LOST', ['draft']);
    };
    const result = await harness.run(swarmInput('strategic-swarm'));
    expect(harness.restored).toEqual([{ draft: 'text of draft', critique: 'text of critique' }]);
    expect(result.answers).toEqual(['plan']);
  });

  test('labels each turn in Temporal with its role and model', async () => {
    const models = { strategic: 'model-s', debate_1: 'model-1', debate_2: 'model-2', fast: 'model-f' };
    const input = { ...swarmInput('debate-swarm'), models };
    harness.script = ({ turn }) =>
      turn === 'judge' ? '{"decision":"accept","confidence_score":1,"quality_score":1}' : 'POSITION: for';
    await harness.run(input);
    const { events } = await harness.handle(input.run_id).fetchHistory();
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
