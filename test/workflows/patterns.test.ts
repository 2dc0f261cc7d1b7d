import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { CheckReport, PromptPart } from '../../src/contract';
import { PLAN_HEADINGS } from '../../src/contract/plan';
import { totalsOf } from '../../src/contract/totals';
import { planText } from '../support/plan';
import { until } from '../support/stack';
import { createTheatre, incomparable, report, swarmInput, type Theatre } from '../support/workflows';

let theatre: Theatre;
beforeAll(async () => (theatre = await createTheatre()), 60_000);
afterAll(() => theatre.stop());
beforeEach(() => {
  theatre.asked.length = theatre.closed.length = theatre.restored.length = theatre.verified.length = 0;
  theatre.compared.length = 0;
  theatre.comparison = incomparable;
  theatre.execution = () => report();
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

describe('build', () => {
  const holds = report([{ origin: 'load' }, { name: 'f(1) gives 2' }]);
  const fails = report([
    { origin: 'load' },
    { name: 'f(1) gives 2', passed: false, error: 'f(1) returned 3, expected 2' },
  ]);
  const executing = (results: Record<string, CheckReport>) => {
    theatre.execution = ({ turn }) => results[turn] ?? fails;
  };
  const said = (turn: string) => {
    const { messages } = theatre.asked.find((request) => request.turn === turn)!;
    return messages
      .flatMap(({ parts }) => parts.map((part) => (typeof part === 'string' ? part : `<${part.turn}>`)))
      .join('');
  };

  test('executes the draft with what the request says, and has it reviewed in few words when it holds', async () => {
    executing({ draft: holds });
    const input = swarmInput('coding-swarm', 'f(1) gives 2');
    const result = await theatre.run(input);
    expect(turns()).toEqual(['draft', 'review']);
    const { run_id, session_id, team_id } = input;
    expect(theatre.verified).toEqual([
      { run_id, session_id, team_id, turn: 'draft', length: 'text of draft'.length, request: 'f(1) gives 2' },
    ]);
    expect(theatre.asked[1]?.definition.max_tokens).toBeLessThan(100);
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

  test('sends failures back with what was got and expected, until a repair holds', async () => {
    executing({ 'repair-1': holds });
    const result = await theatre.run(alone());
    expect(turns()).toEqual(['draft', 'repair-1', 'review']);
    expect(said('repair-1')).toContain('<draft>');
    expect(said('repair-1')).toContain('f(1) returned 3, expected 2');
    expect(result).toMatchObject({
      answers: ['repair-1'],
      verification: { turn: 'repair-1', rounds: 1, passed: true },
    });
  });

  test('does not show a draft that was cut off to whoever repairs it', async () => {
    executing({ 'repair-1': holds });
    theatre.cutOff = ({ turn }) => turn === 'draft';
    const result = await theatre.run(alone());
    theatre.cutOff = () => false;
    expect(said('repair-1')).not.toContain('<draft>');
    expect(said('repair-1')).toContain('f(1) returned 3, expected 2\nIt was cut off');
    expect(result.answers).toEqual(['repair-1']);
  });

  test('begins anew beside repairs, warmer, and stops at the first that holds', async () => {
    executing({ 'repair-1-2': holds });
    const result = await theatre.run(alone());
    expect(turns()).toEqual(['draft', 'repair-1', 'repair-1-2', 'review']);
    expect(said('repair-1-2')).not.toContain('<');
    expect(said('repair-1-2')).toContain('f(1) returned 3, expected 2');
    const [draft, first, fresh] = theatre.asked.map(({ definition }) => definition.temperature);
    expect([draft! < first!, first! < fresh!]).toEqual([true, true]);
    expect(result.answers).toEqual(['repair-1-2']);
  });

  test('drafts once more apart from all that failed, in later rounds', async () => {
    executing({ 'repair-2-3': holds });
    expect((await theatre.run(alone())).answers).toEqual(['repair-2-3']);
    expect(said('repair-2-3')).toBe(said('draft'));
  });

  test('answers with the best draft when none holds, and says so', async () => {
    const half = report([{ origin: 'load' }, {}, { passed: false, error: 'still wrong' }]);
    executing({ 'repair-3': half });
    const result = await theatre.run(alone());
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
    expect(said('review')).toContain('still wrong');
  });

  test('asks another coder, who is told the task alone, before it sends failures back', async () => {
    executing({ 'other-1': holds });
    const result = await theatre.run(swarmInput('coding-swarm'));
    expect(turns()).toEqual(['draft', 'other-1', 'review']);
    expect(said('other-1')).toBe(said('draft'));
    expect(theatre.asked[1]).toMatchObject({ role: 'second_coder', definition: { temperature: 0 } });
    expect(result).toMatchObject({ answers: ['other-1'], verification: { turn: 'other-1', rounds: 1 } });
  });

  test('drafts of another coder come in every round, each written in another warmth', async () => {
    executing({});
    await theatre.run(swarmInput('coding-swarm'));
    expect(turns()).toEqual([
      'draft',
      ...['other-1', 'repair-1'],
      ...['other-2', 'other-2-2', 'repair-2', 'repair-2-2'],
      ...['other-3', 'other-3-2', 'repair-3', 'repair-3-2'],
      'review',
    ]);
    const others = theatre.asked.filter(({ role }) => role === 'second_coder');
    expect(new Set(others.map(({ definition }) => definition.temperature)).size).toBe(others.length);
    expect(said('repair-1')).toContain('f(1) returned 3, expected 2');
  });

  test('several other coders take turns', async () => {
    executing({});
    const given = swarmInput('coding-swarm');
    const third_coder = { ...given.swarm.roles.second_coder!, models: ['a-model'] };
    const roles = { ...given.swarm.roles, third_coder };
    await theatre.run({ ...given, swarm: { ...given.swarm, roles } });
    const others = theatre.asked.filter(({ turn }) => turn.startsWith('other'));
    const [second, third] = ['second_coder', 'third_coder'];
    expect(others.map(({ role }) => role)).toEqual([second, third, second, third, second]);
  });

  test('where its own tests decide no other coder is asked, who may bring none', async () => {
    executing({ draft: report([{ origin: 'load' }, { origin: 'own', passed: false }]), 'repair-1': holds });
    await theatre.run(swarmInput('coding-swarm'));
    expect(turns()).toEqual(['draft', 'repair-1', 'review']);
  });

  test('a test that the program brought along does not win against the examples of the request', async () => {
    const contradicted = report([{ origin: 'load' }, {}, { origin: 'own', passed: false, error: 'AssertionError' }]);
    executing({ draft: contradicted });
    const result = await theatre.run(swarmInput('coding-swarm'));
    expect(turns()).toEqual(['draft', 'review']);
    expect(result.verification).toMatchObject({ passed: true, checks: contradicted.checks });
  });

  test('without examples its own tests decide', async () => {
    executing({
      draft: report([{ origin: 'load' }, { origin: 'own', passed: false, error: 'AssertionError' }]),
      'repair-1': holds,
    });
    expect((await theatre.run(swarmInput('coding-swarm'))).answers).toEqual(['repair-1']);
  });

  test('what can not be executed is reviewed and answered as it is', async () => {
    executing({ draft: report([], { executed: false, passed: false, reason: 'Not rust.', language: 'rust' }) });
    const result = await theatre.run(swarmInput('coding-swarm'));
    expect(turns()).toEqual(['draft', 'review']);
    expect(result.verification).toMatchObject({ executed: false, passed: false, reason: 'Not rust.' });
    expect(said('review')).toContain('Not rust.');
  });

  test('what nobody asked for and is not here is written without, once', async () => {
    const lacking = report([], { executed: false, passed: false, missing: ['flask'], avoidable: true });
    executing({ draft: lacking, 'repair-1': holds });
    expect(await theatre.run(swarmInput('coding-swarm'))).toMatchObject({
      answers: ['repair-1'],
      verification: { executed: true, passed: true, rounds: 1 },
    });
    expect(said('repair-1')).toContain('flask is not there');
    theatre.asked.length = 0;
    executing({ draft: lacking, 'repair-1': lacking });
    const { answers } = await theatre.run(swarmInput('coding-swarm'));
    expect([answers, turns()]).toEqual([['draft'], ['draft', 'repair-1', 'review']]);
  });

  /** A call that goes on until it is stopped, and then says what it has used. */
  const untilStopped = async (...used: unknown[]): Promise<never> => {
    const beating = setInterval(() => Context.current().heartbeat(), 100);
    await Context.current().cancelled.catch(() => clearInterval(beating));
    throw new CancelledFailure('stopped', used);
  };

  const ofDrafts = (drafts: number) => {
    const given = swarmInput('coding-swarm');
    return { ...given, swarm: { ...given.swarm, build: { drafts } } };
  };

  test('of several drafts the one that does best goes on, and the first is written as cool as a single one', async () => {
    const half = report([{ origin: 'load' }, {}, { passed: false, error: 'nearly' }]);
    executing({ 'draft-2': half, 'repair-1': holds });
    const { answers } = await theatre.run(ofDrafts(3));
    expect(turns().slice(0, 3).sort()).toEqual(['draft', 'draft-2', 'draft-3']);
    expect(turns().slice(3)).toEqual(['other-1', 'repair-1', 'review']);
    expect(said('repair-1')).toContain('<draft-2>');
    const temperatures = Object.fromEntries(
      theatre.asked.map(({ turn, definition: { temperature } }) => [turn, temperature]),
    );
    expect(temperatures.draft).toBe(0);
    expect(new Set(Object.values(temperatures)).size).toBeGreaterThan(3);
    expect(answers).toEqual(['repair-1']);
    expect(theatre.compared).toEqual([]);
  });

  describe('drafts that hold and can be compared', () => {
    /** Turns that return the same, by group; each call is answered by all. */
    const returning = (...groups: string[][]) => {
      const groupOf = (turn: string) => groups.find((group) => group.includes(turn))!;
      const CALLS = 10;
      theatre.comparison = (names) => {
        const agreeing = names.map((turn) => names.filter((other) => groupOf(turn).includes(other)).length);
        return { calls: CALLS, support: agreeing.map((count) => (count - 1) * CALLS), agreeing };
      };
    };

    test('the one with which most agree is the answer, though another was asked for first', async () => {
      executing({ draft: holds, 'draft-2': holds, 'draft-3': holds });
      returning(['draft'], ['draft-2', 'draft-3']);
      const result = await theatre.run(ofDrafts(3));
      expect(result).toMatchObject({
        answers: ['draft-2'],
        verification: { turn: 'draft-2', rounds: 0, agreement: { drafts: 3, agreeing: 2, calls: 10 } },
      });
      expect(theatre.compared.at(-1)).toEqual(['draft', 'draft-2', 'draft-3']);
    });

    test('once two more return the same than not, nothing further is written', async () => {
      executing({ draft: holds, 'draft-2': holds, 'draft-3': holds });
      returning(['draft', 'draft-2', 'draft-3']);
      const result = await theatre.run(ofDrafts(3));
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
      'of five as many are written as are needed until one is two ahead, where %s',
      async (_, failing, groups, written) => {
        const names = ['draft', 'draft-2', 'draft-3', 'draft-4', 'draft-5'];
        executing(Object.fromEntries(names.map((name) => [name, failing.includes(name) ? fails : holds])));
        returning(...groups);
        const { answers, verification } = await theatre.run(ofDrafts(5));
        expect(turns().sort()).toEqual([...names.slice(0, written), 'review']);
        expect([answers, verification?.agreement?.agreeing]).toEqual([['draft'], groups[0]!.length]);
      },
    );

    test('where each returns something else, the first is the answer and the record says so', async () => {
      executing({ draft: holds, 'draft-3': holds });
      returning(['draft'], ['draft-3']);
      const { answers, verification } = await theatre.run(ofDrafts(3));
      expect([answers, verification?.agreement]).toEqual([['draft'], { drafts: 2, agreeing: 1, calls: 10, failed: 1 }]);
    });

    test('one that guidance has stopped keeps its place, though it begins again under another name', async () => {
      executing({ draft: holds, 'draft-2~2': holds, 'draft-3': holds });
      returning(['draft'], ['draft-2~2'], ['draft-3']);
      theatre.script = async ({ turn }) => {
        if (turn === 'draft-2') await untilStopped();
        return turn;
      };
      const handle = await theatre.start(ofDrafts(3));
      await until(() => theatre.compared.length > 0);
      const guidance = { content: 'Mind the otters.', interrupt: true };
      const answer = handle.executeUpdate('message', { args: [guidance], updateId: randomUUID() });
      expect(await answer).toEqual({ interrupted: ['draft-2'] });
      expect(await handle.result()).toMatchObject({ answers: ['draft'], verification: { agreement: { agreeing: 1 } } });
      expect(theatre.compared.at(-1)).toEqual(['draft', 'draft-2~2', 'draft-3']);
    });

    test('one that fails its checks has no voice for what it returns, and the record counts it', async () => {
      executing({ draft: fails, 'draft-2': fails, 'draft-3': holds });
      returning(['draft', 'draft-2'], ['draft-3']);
      const { answers, verification } = await theatre.run(ofDrafts(3));
      expect([answers, theatre.compared]).toEqual([['draft-3'], [['draft-3']]]);
      expect(verification?.agreement).toEqual({ drafts: 1, agreeing: 1, calls: 0, failed: 2 });
    });

    test('what could not be executed speaks neither for nor against the others', async () => {
      const unknown = report([], { executed: false, reason: 'Not in this language.' });
      executing({ draft: holds, 'draft-2': unknown, 'draft-3': holds });
      returning(['draft', 'draft-3']);
      const { verification } = await theatre.run(ofDrafts(5));
      expect(turns().sort()).toEqual(['draft', 'draft-2', 'draft-3', 'review']);
      expect(verification?.agreement).toEqual({ drafts: 2, agreeing: 2, calls: 10 });
    });

    test('other coders write those beside the first, cool as their role is and then warmer', async () => {
      executing({});
      await theatre.run(ofDrafts(4));
      const drafts = theatre.asked.filter(({ turn }) => turn.startsWith('draft'));
      const by = Object.fromEntries(drafts.map(({ turn, role, definition }) => [turn, [role, definition.temperature]]));
      expect(by).toMatchObject({
        draft: ['coder', 0],
        'draft-2': ['second_coder', 0],
        'draft-3': ['second_coder', 0.8],
      });
      const again = theatre.asked.find(({ turn }) => turn === 'other-1');
      expect(again?.definition.temperature).toBeGreaterThan(0);
    });
  });

  describe('a program that nothing was put to', () => {
    const loads = report([{ origin: 'load' }]);
    const nearly = report([
      { origin: 'load' },
      { origin: 'own' },
      { origin: 'own', passed: false, error: 'off by one' },
    ]);
    const tested = report([{ origin: 'load' }, { origin: 'own' }]);

    test('is the answer where none was tested, and the record says that much', async () => {
      executing({ draft: loads });
      const result = await theatre.run(swarmInput('coding-swarm'));
      expect([turns(), result.verification?.passed]).toEqual([['draft', 'review'], true]);
      expect(said('review')).toContain('nothing tests it');
    });

    test('does not win against one whose tests it has dropped', async () => {
      executing({ draft: nearly, 'repair-1': loads, 'repair-1-2': nearly, 'repair-2': tested });
      const result = await theatre.run(alone());
      expect(turns()).toEqual(['draft', 'repair-1', 'repair-1-2', 'repair-2', 'review']);
      expect(said('repair-2')).toContain('<draft>');
      expect(result.answers).toEqual(['repair-2']);
    });

    test('does not stop a draft that may bring its tests, where drafts can not be compared', async () => {
      executing({ draft: tested, 'draft-2': loads });
      theatre.script = async ({ turn }) => {
        if (turn === 'draft') await until(() => theatre.compared.length > 0);
        return turn;
      };
      const result = await theatre.run(ofDrafts(5));
      expect(turns()).toEqual(['draft', 'draft-2', 'review']);
      expect([result.answers, result.failures]).toEqual([['draft'], []]);
    });

    test('is the answer once a second one has brought none either', async () => {
      executing({ draft: loads, 'draft-2': loads });
      expect((await theatre.run(ofDrafts(5))).answers).toEqual(['draft']);
      expect(turns()).toEqual(['draft', 'draft-2', 'review']);
    });

    test('stands behind one that returns the same and was tested', async () => {
      executing({ draft: loads, 'draft-2': tested });
      theatre.comparison = (names) => {
        return { calls: 3, support: names.map(() => 3 * (names.length - 1)), agreeing: names.map(() => names.length) };
      };
      expect((await theatre.run(ofDrafts(2))).answers).toEqual(['draft-2']);
    });
  });

  test('drafts that hold are not lost where comparing them fails', async () => {
    executing({ draft: holds, 'draft-2': holds });
    theatre.comparison = () => {
      throw ApplicationFailure.nonRetryable('out of order', 'INTERNAL');
    };
    const result = await theatre.run(ofDrafts(3));
    expect(result).toMatchObject({ status: 'complete', verification: { passed: true } });
    expect(result.verification).not.toHaveProperty('agreement');
  });

  test('the first draft that passes its checks stops the one beside it, which is named and paid for', async () => {
    executing({ 'draft-2': holds });
    const used = { usage: { prompt_tokens: 9, completion_tokens: 3 }, cost_usd: 0.25 };
    theatre.script = async ({ turn }) => {
      if (turn === 'draft-2' || turn === 'review') return turn;
      return untilStopped(used);
    };
    const result = await theatre.run(ofDrafts(3));
    expect(result).toMatchObject({ answers: ['draft-2'], verification: { passed: true, rounds: 0 } });
    expect(result.failures.map(({ turn, code }) => [turn, code])).toEqual([['draft', 'CUT_OFF']]);
    expect(totalsOf(result).cost_usd).toBeCloseTo(0.25 + 2 * 0.001, 9);
  });

  test('a draft that fails is named, and the run ends only when none came about', async () => {
    executing({ 'draft-3': holds });
    const gone = (...names: string[]) => {
      theatre.script = ({ turn }) => {
        if (names.includes(turn)) throw ApplicationFailure.nonRetryable('is gone', 'BUDGET_EXHAUSTED');
        return turn;
      };
    };
    gone('draft', 'draft-2');
    const result = await theatre.run(ofDrafts(3));
    expect(result.answers).toEqual(['draft-3']);
    expect(result.failures).toMatchObject([
      { turn: 'draft', code: 'BUDGET_EXHAUSTED' },
      { turn: 'draft-2', code: 'BUDGET_EXHAUSTED' },
    ]);
    gone('draft', 'draft-2', 'draft-3');
    await failureOf(theatre.run(ofDrafts(3)));
    expect(theatre.closed.at(-1)).toMatchObject({ status: 'failed', failure: { code: 'BUDGET_EXHAUSTED' } });
  });

  test('goes on without a review that fails', async () => {
    executing({ draft: holds });
    theatre.script = ({ turn }) => {
      if (turn === 'review') throw ApplicationFailure.nonRetryable('is gone', 'MODEL_NOT_FOUND');
      return turn;
    };
    expect(await theatre.run(swarmInput('coding-swarm'))).toMatchObject({
      answers: ['draft'],
      failures: [{ turn: 'review' }],
    });
  });

  test('puts a text back that Redis has lost before the code is executed', async () => {
    let lost = true;
    theatre.execution = () => {
      if (!lost) return holds;
      lost = false;
      throw ApplicationFailure.nonRetryable('lost', 'TEXT_LOST', ['draft']);
    };
    const result = await theatre.run(swarmInput('coding-swarm'));
    expect(theatre.restored).toEqual([{ draft: 'text of draft' }]);
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
  ])('after the review "%s" asks for %j and answers with the %s', async (review, expected, answer) => {
    theatre.script = ({ turn }) => (turn === 'review' ? review : turn);
    const result = await theatre.run(input());
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
