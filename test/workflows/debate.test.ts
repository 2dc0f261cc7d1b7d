/** Debates on a real Temporal server: rounds, agreement, quorum, voices that fail or are late, and what the judge is told. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import type { DebateOptions, PromptPart, RunResult, SwarmRunInput } from '../../src/contract';
import { until } from '../support/stack';
import { createTheatre, swarmInput, WORKFLOW_BUNDLE, type Script, type Theatre } from '../support/workflows';

let theatre: Theatre;
beforeAll(async () => (theatre = await createTheatre()), 60_000);
afterAll(() => theatre.stop());
beforeEach(() => (theatre.asked.length = theatre.closed.length = 0));

const JUDGEMENT = {
  decision: 'merge',
  rationale: ['Both are right.'],
  runner_instructions: [],
  confidence_score: 0.7,
  quality_score: 0.5,
};
const VOICES = ['optimistic', 'cautious', 'balanced'];

/** Voices by what they say in each round; the judge writes JSON when asked for it. */
function script(say: (voice: string, round: number) => string | Promise<string>): Script {
  return async ({ turn, role }) => {
    if (turn.startsWith('judge')) return JSON.stringify(JUDGEMENT);
    if (turn === 'summary') return '## Consensus\n...';
    return say(role, Number(/-(\d)/.exec(turn)?.[1] ?? 1));
  };
}

function debate(options: DebateOptions = {}): SwarmRunInput {
  const input = swarmInput('debate-swarm', 'Should we use Kubernetes?');
  return { ...input, swarm: { ...input.swarm, debate: options } };
}
const turns = () => theatre.asked.map(({ turn }) => turn);
const partsOf = (turn: string) =>
  theatre.asked.find((one) => one.turn === turn)?.messages.flatMap(({ parts }) => parts) ?? [];
const literal = (parts: PromptPart[]) => parts.filter((part) => typeof part === 'string').join('');

async function replay(handle: WorkflowHandle): Promise<void> {
  const history = temporal.api.history.v1.History.fromObject(await handle.fetchHistory());
  await Worker.runReplayHistory({ workflowBundle: { codePath: WORKFLOW_BUNDLE } }, history);
}

const gone = () => ApplicationFailure.nonRetryable('is gone', 'MODEL_NOT_FOUND');

test('voices open at once, on different aliases', async () => {
  const open = new Set<string>();
  let most = 0;
  theatre.script = script(async (voice) => {
    most = Math.max(most, open.add(voice).size);
    await until(() => most === 3);
    return 'POSITION: for, CONFIDENCE: 80';
  });
  await theatre.run(debate());
  expect(new Set(theatre.asked.slice(0, 3).map(({ definition }) => definition.alias)).size).toBe(3);
});

test('voices that agree stop after the openings', async () => {
  theatre.script = script(() => 'POSITION: for, CONFIDENCE: 80\nContainers everywhere.');
  const { structures, answers } = await theatre.run(debate({ rounds: 5 }));
  expect(turns()).toEqual([...VOICES, 'summary', 'judge']);
  expect(structures?.debate).toMatchObject({ rounds: 1, agreement: [1], agreed: true, majority: 'for', dissent: [] });
  expect(structures?.judge).toEqual(JUDGEMENT);
  expect(answers).toEqual([...VOICES, 'summary']);
});

test('a voice that says yes is for it', async () => {
  theatre.script = script((voice) => (voice === 'balanced' ? 'POSITION: Yes, we should.' : 'POSITION: for'));
  const { structures } = await theatre.run(debate({ rounds: 5 }));
  expect(structures?.debate).toMatchObject({ rounds: 1, agreed: true, majority: 'for' });
});

test('a voice that disagrees for good stands in the dissent after all rounds', async () => {
  theatre.script = script((voice) => (voice === 'cautious' ? 'POSITION: against' : 'POSITION: for'));
  const { structures, answers } = await theatre.run(debate({ rounds: 3 }));
  expect(structures?.debate).toMatchObject({ rounds: 3, agreed: false, majority: 'for', dissent: ['cautious'] });
  expect(structures?.debate?.agreement).toHaveLength(3);
  expect(answers).toEqual(['optimistic-3', 'cautious-3', 'balanced-3', 'summary']);
  expect(literal(partsOf('summary'))).toContain('The voices do not agree.');
});

describe('without a majority', () => {
  const stances = (...of: (string | undefined)[]) => {
    const said = new Map(VOICES.map((voice, i) => [voice, of[i]]));
    return script((voice) => {
      if (said.get(voice) === undefined) throw gone();
      return `POSITION: ${said.get(voice)}`;
    });
  };

  test.each([
    ['two voices against each other, the third of which is down', stances('for', 'against'), VOICES.slice(0, 2)],
    ['three voices of three minds', stances('for', 'against', 'depends'), VOICES],
    [
      'a voice whose stance cannot be read beside two others',
      stances('for', '?', 'against'),
      ['optimistic', 'balanced'],
    ],
  ])('the dissent names %s', async (_what, voices, dissent) => {
    theatre.script = voices;
    const { structures } = await theatre.run(debate());
    expect(structures?.debate).toMatchObject({ agreed: false, majority: null, dissent });
  });

  test('nobody dissents where the voices agree well enough', async () => {
    theatre.script = stances('for', 'depends');
    const { structures } = await theatre.run(debate({ agree_at: 0.3 }));
    expect(structures?.debate).toMatchObject({ agreed: true, majority: null, dissent: [] });
  });
});

test('a voice that changes its mind ends the debate, and is named to the judge', async () => {
  theatre.script = script((voice, round) =>
    voice === 'cautious' && round === 1 ? 'POSITION: against' : 'POSITION: for',
  );
  const { structures } = await theatre.run(debate({ rounds: 5 }));
  expect(structures?.debate).toMatchObject({ rounds: 2, agreed: true, dissent: [] });
  expect(structures?.debate?.voices.filter(({ changed }) => changed).map(({ role }) => role)).toEqual(['cautious']);
  expect(literal(partsOf('summary'))).toContain('Cautious voice: against, then for. It changed its mind.');
});

test('a rebuttal sees the others without their names, and its own words as its own', async () => {
  theatre.script = script((voice) => `POSITION: ${voice === 'cautious' ? 'against' : 'for'}`);
  await theatre.run(debate());
  const request = theatre.asked.find(({ turn }) => turn === 'cautious-2');
  expect(request?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  expect(request?.messages[1]?.parts).toEqual([{ turn: 'cautious' }]);
  const others = request?.messages[2]?.parts ?? [];
  expect(others.filter((part) => typeof part !== 'string')).toHaveLength(2);
  expect(literal(others)).toMatch(/# Voice A[^]*# Voice B/);
  expect(literal(others)).not.toMatch(/optimistic voice|balanced voice|Optimistic|Balanced/);
  // what it is reminded of at its opening stands after the question, and the reply is the last that it is asked for
  expect(request?.messages[0]).toEqual(theatre.asked.find(({ turn }) => turn === 'cautious')?.messages[0]);
  expect(literal(request?.messages[0]?.parts ?? [])).toMatch(/Kubernetes\?\n\nSpeak as the cautious voice/);
  expect(literal(others)).toMatch(/Reply to the others[^]*or why it has not\.$/);
});

test('what a voice repeats is measured, and the judge is told of who adds nothing', async () => {
  const opening = (voice: string) =>
    `POSITION: ${voice === 'optimistic' ? 'for' : 'against'}. The ${voice} voice speaks of five quite different things at length`;
  theatre.script = script((voice, round) => {
    if (round === 1) return opening(voice);
    if (voice === 'cautious') return opening('optimistic');
    return `POSITION: for. Nobody has said ${voice} before, nor has anybody asked for it`;
  });
  const { structures } = await theatre.run(debate());
  const repeated = structures?.debate?.voices.map(({ positions }) => positions.map((position) => position.repeated));
  expect(repeated).toEqual([
    [undefined, 0],
    [undefined, 1],
    [undefined, 0],
  ]);
  expect(literal(partsOf('summary'))).toContain(
    'Cautious voice: against, then for. It changed its mind. Its last words only repeat what was said before.',
  );
  expect(literal(partsOf('summary'))).toMatch(/Balanced voice: against, then for\. It changed its mind\.$/m);
});

test('voices of your own are told of the line that they are measured by, unless their prompts ask for it', async () => {
  const input = debate();
  const { optimistic, cautious } = input.swarm.roles;
  const own = { ...cautious!, system: 'You attack the design.', reminder: 'Be brief.' };
  theatre.script = script(() => 'POSITION: for');
  await theatre.run({ ...input, swarm: { ...input.swarm, roles: { ...input.swarm.roles, cautious: own } } });
  expect(optimistic?.system).toContain('"POSITION: depends, CONFIDENCE: 60"');
  expect(literal(partsOf('optimistic'))).not.toContain('CONFIDENCE');
  expect(literal(partsOf('cautious'))).toMatch(
    /Kubernetes\?\n\nYour first line says[^]*"POSITION: depends, CONFIDENCE: 60"[^]*\n\nBe brief\.$/,
  );
});

test('a voice whose model is down is named, and the debate goes on without it', async () => {
  theatre.script = script((voice) => {
    if (voice === 'cautious') throw gone();
    return 'POSITION: for';
  });
  const { structures, failures } = await theatre.run(debate());
  expect(failures).toMatchObject([{ turn: 'cautious', code: 'MODEL_NOT_FOUND' }]);
  expect(structures?.debate).toMatchObject({
    missing: [{ role: 'cautious', round: 1, code: 'MODEL_NOT_FOUND', message: 'is gone' }],
    quorum: { needed: 2, heard: 2, met: true },
    only_voice: null,
  });
  expect(literal(partsOf('summary'))).toContain('Cautious voice was not heard in round 1: is gone');
});

test('a voice that is late after the quorum is cut off and named', async () => {
  let release = () => {};
  const never = new Promise<void>((resolve) => (release = resolve));
  theatre.script = script(async (voice) => {
    if (voice === 'balanced') await never;
    return 'POSITION: for';
  });
  const { structures } = await theatre.run(debate({ patience_seconds: 1 }));
  release();
  expect(structures?.debate?.missing).toMatchObject([{ role: 'balanced', code: 'CUT_OFF' }]);
  expect(structures?.debate?.voices.map(({ role }) => role)).toEqual(['optimistic', 'cautious']);
});

describe('a voice that is stopped for new guidance, and waits for a person before it begins again', () => {
  const heard = async (handle: WorkflowHandle) => {
    const { currentDetails } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    return currentDetails?.match(/ tokens/g)?.length;
  };

  const stopped = async () => {
    const beating = setInterval(() => Context.current().heartbeat(), 100);
    return Context.current().cancelled.finally(() => clearInterval(beating));
  };

  /** The others are heard, and have used up what is approved. */
  async function startWaiting(saidAfterwards: () => string | Promise<string>) {
    theatre.announced.length = 0;
    theatre.script = script((voice) => {
      if (voice !== 'balanced') return 'POSITION: for';
      return turns().includes('balanced~2') ? saidAfterwards() : stopped();
    });
    const input = debate({ patience_seconds: 5 });
    const handle = await theatre.start({ ...input, gates: { approve_above_usd: 0.0015 } });
    await until(async () => (await heard(handle)) === 2);
    const say = (name: string, said: object) => handle.executeUpdate<unknown, [object]>(name, { args: [said] });
    await say('message', { content: 'Mind the cost.', interrupt: true });
    const approve = async (gate: string, afterMs = 0) => {
      await until(() => theatre.announced.some(({ name }) => name === `gate.opened:${gate}`));
      await sleep(afterMs);
      await say('approve', { gate, reason: '' });
    };
    await approve('cost-1', 6000);
    return { handle, approve, finished: () => handle.result() as Promise<RunResult> };
  }

  test('is not late', async () => {
    const { handle, approve, finished } = await startWaiting(() => 'POSITION: for');
    await approve('cost-2');
    const { structures } = await finished();
    expect(structures?.debate?.missing).toEqual([]);
    expect(structures?.debate?.voices.map(({ role }) => role)).toEqual(['optimistic', 'cautious', 'balanced']);
    await replay(handle);
  });

  test('has only the rest of the patience afterwards', async () => {
    const { handle, finished } = await startWaiting(stopped);
    const from = Date.now();
    const { structures } = await finished();
    expect(turns()).toContain('balanced~2');
    expect(structures?.debate?.missing).toMatchObject([{ role: 'balanced', code: 'CUT_OFF' }]);
    expect(Date.now() - from).toBeLessThan(10_000);
    await replay(handle);
  });
});

test('a single survivor is labelled as one, and has nobody to answer', async () => {
  theatre.script = script((voice) => {
    if (voice !== 'balanced') throw gone();
    return 'POSITION: depends';
  });
  const { structures } = await theatre.run(debate({ rounds: 4 }));
  expect(turns()).toEqual([...VOICES, 'summary', 'judge']);
  expect(structures?.debate).toMatchObject({ only_voice: 'balanced', agreed: false, quorum: { met: false } });
  expect(literal(partsOf('summary'))).toContain('A single voice was heard, so this was no debate.');
});

test('without any voice the run fails, with the cause when it is one for all', async () => {
  theatre.script = () => {
    throw ApplicationFailure.nonRetryable('set the key', 'GATEWAY_KEY_MISSING');
  };
  await expect(theatre.run(debate())).rejects.toMatchObject({ cause: { type: 'GATEWAY_KEY_MISSING' } });
});

test('a judgement that cannot be read is asked for once more with what was wrong', async () => {
  const answers = ['I accept it.', `\`\`\`json\n${JSON.stringify(JUDGEMENT)}\n\`\`\``];
  const voices = script(() => 'POSITION: for');
  theatre.script = (request) => (request.turn.startsWith('judge') ? answers.shift()! : voices(request));
  const { structures } = await theatre.run(debate());
  expect(structures?.judge).toEqual(JUDGEMENT);
  expect(structures?.unread).toBeUndefined();
  expect(literal(partsOf('judge-repair'))).toContain('holds no JSON object');
});

test('a judgement that stays unreadable is named as unread, and the run completes', async () => {
  const voices = script(() => 'POSITION: for');
  theatre.script = (request) => (request.turn.startsWith('judge') ? '{"decision": "perhaps"}' : voices(request));
  const { structures, answers } = await theatre.run(debate());
  expect(structures?.judge).toBeUndefined();
  expect(structures?.unread).toMatchObject(
    [{ name: 'judge', turn: 'judge-repair', problem: /^decision: / }].map((one) => ({
      ...one,
      problem: expect.stringMatching(one.problem) as string,
    })),
  );
  expect(answers).toContain('summary');
  expect(turns().filter((turn) => turn.startsWith('judge'))).toEqual(['judge', 'judge-repair']);
});

test('a replay decides as the run did', async () => {
  theatre.script = script((voice, round) => `POSITION: ${voice === 'cautious' && round < 3 ? 'against' : 'for'}`);
  const input = debate({ rounds: 5 });
  const { structures } = await theatre.run(input);
  expect(structures?.debate?.rounds).toBe(3);
  await replay(theatre.handle(input.run_id));
});
