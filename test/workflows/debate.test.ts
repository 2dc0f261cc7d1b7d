/** Debates on a real Temporal server: rounds, agreement, quorum, failed and late voices, and the judge's prompt. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import type { DebateOptions } from '../../src/workflows/patterns/debate';
import type { PromptPart, RunResult, SwarmRunInput } from '../../src/contract';
import { until } from '../support/stack';
import { createHarness, swarmInput, WORKFLOW_BUNDLE, type Script, type Harness } from '../support/workflows';

let harness: Harness;
beforeAll(async () => (harness = await createHarness()), 60_000);
afterAll(() => harness.stop());
beforeEach(() => (harness.asked.length = harness.closed.length = 0));

const JUDGEMENT = {
  decision: 'merge',
  rationale: ['Both are right.'],
  runner_instructions: [],
  confidence_score: 0.7,
  quality_score: 0.5,
};
const VOICES = ['optimistic', 'cautious', 'balanced'];

/** Scripts the voices' texts by round; the judge writes JSON when asked for it. */
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
const turns = () => harness.asked.map(({ turn }) => turn);
const listParts = (turn: string) =>
  harness.asked.find((one) => one.turn === turn)?.messages.flatMap(({ parts }) => parts) ?? [];
const literal = (parts: PromptPart[]) => parts.filter((part) => typeof part === 'string').join('');

async function replay(handle: WorkflowHandle): Promise<void> {
  const history = temporal.api.history.v1.History.fromObject(await handle.fetchHistory());
  await Worker.runReplayHistory({ workflowBundle: { codePath: WORKFLOW_BUNDLE } }, history);
}

const gone = () => ApplicationFailure.nonRetryable('is gone', 'MODEL_NOT_FOUND');

test('voices open in parallel, on different aliases', async () => {
  const open = new Set<string>();
  let most = 0;
  harness.script = script(async (voice) => {
    most = Math.max(most, open.add(voice).size);
    await until(() => most === 3);
    return 'POSITION: for, CONFIDENCE: 80';
  });
  await harness.run(debate());
  expect(new Set(harness.asked.slice(0, 3).map(({ definition }) => definition.alias)).size).toBe(3);
});

test('voices that agree stop after the openings', async () => {
  harness.script = script(() => 'POSITION: for, CONFIDENCE: 80\nContainers everywhere.');
  const { structures, answers } = await harness.run(debate({ rounds: 5 }));
  expect(turns()).toEqual([...VOICES, 'summary', 'judge']);
  expect(structures?.debate).toMatchObject({ rounds: 1, agreement: [1], agreed: true, majority: 'for', dissent: [] });
  expect(structures?.judge).toEqual(JUDGEMENT);
  expect(answers).toEqual([...VOICES, 'summary']);
});

test('a voice that says yes has the stance `for`', async () => {
  harness.script = script((voice) => (voice === 'balanced' ? 'POSITION: Yes, we should.' : 'POSITION: for'));
  const { structures } = await harness.run(debate({ rounds: 5 }));
  expect(structures?.debate).toMatchObject({ rounds: 1, agreed: true, majority: 'for' });
});

test('a voice that never agrees is listed as dissent after all rounds', async () => {
  harness.script = script((voice) => (voice === 'cautious' ? 'POSITION: against' : 'POSITION: for'));
  const { structures, answers } = await harness.run(debate({ rounds: 3 }));
  expect(structures?.debate).toMatchObject({ rounds: 3, agreed: false, majority: 'for', dissent: ['cautious'] });
  expect(structures?.debate?.agreement).toHaveLength(3);
  expect(answers).toEqual(['optimistic-3', 'cautious-3', 'balanced-3', 'summary']);
  expect(literal(listParts('summary'))).toContain('The voices do not agree.');
});

describe('without a majority', () => {
  const stances = (...of: (string | undefined)[]) => {
    const text = new Map(VOICES.map((voice, i) => [voice, of[i]]));
    return script((voice) => {
      if (text.get(voice) === undefined) throw gone();
      return `POSITION: ${text.get(voice)}`;
    });
  };

  test.each([
    ['two opposed voices, with the third one failed', stances('for', 'against'), VOICES.slice(0, 2)],
    ['three voices of three minds', stances('for', 'against', 'depends'), VOICES],
    [
      'a voice whose stance cannot be read beside two others',
      stances('for', '?', 'against'),
      ['optimistic', 'balanced'],
    ],
  ])('the dissent names %s', async (_what, voices, dissent) => {
    harness.script = voices;
    const { structures } = await harness.run(debate());
    expect(structures?.debate).toMatchObject({ agreed: false, majority: null, dissent });
  });

  test('there is no dissent if the agreement reaches the threshold', async () => {
    harness.script = stances('for', 'depends');
    const { structures } = await harness.run(debate({ agree_at: 0.3 }));
    expect(structures?.debate).toMatchObject({ agreed: true, majority: null, dissent: [] });
  });
});

test('a voice that changes its stance ends the debate, and the judge is told so', async () => {
  harness.script = script((voice, round) =>
    voice === 'cautious' && round === 1 ? 'POSITION: against' : 'POSITION: for',
  );
  const { structures } = await harness.run(debate({ rounds: 5 }));
  expect(structures?.debate).toMatchObject({ rounds: 2, agreed: true, dissent: [] });
  expect(structures?.debate?.voices.filter(({ changed }) => changed).map(({ role }) => role)).toEqual(['cautious']);
  expect(literal(listParts('summary'))).toContain('Cautious voice: against, then for. It changed its mind.');
});

test('a reply sees the other answers without names, and its own answer as an assistant message', async () => {
  harness.script = script((voice) => `POSITION: ${voice === 'cautious' ? 'against' : 'for'}`);
  await harness.run(debate());
  const request = harness.asked.find(({ turn }) => turn === 'cautious-2');
  expect(request?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  expect(request?.messages[1]?.parts).toEqual([{ turn: 'cautious' }]);
  const others = request?.messages[2]?.parts ?? [];
  expect(others.filter((part) => typeof part !== 'string')).toHaveLength(2);
  expect(literal(others)).toMatch(/# Voice A[^]*# Voice B/);
  expect(literal(others)).not.toMatch(/optimistic voice|balanced voice|Optimistic|Balanced/);
  // the reminder follows the question, and the request for the reply comes last
  expect(request?.messages[0]).toEqual(harness.asked.find(({ turn }) => turn === 'cautious')?.messages[0]);
  expect(literal(request?.messages[0]?.parts ?? [])).toMatch(/Kubernetes\?\n\nSpeak as the cautious voice/);
  expect(literal(others)).toMatch(/Reply to the others[^]*or why it has not\.$/);
});

test('repetition is measured, and the judge is told which voice adds nothing new', async () => {
  const opening = (voice: string) =>
    `POSITION: ${voice === 'optimistic' ? 'for' : 'against'}. The ${voice} voice speaks of five quite different things at length`;
  harness.script = script((voice, round) => {
    if (round === 1) return opening(voice);
    if (voice === 'cautious') return opening('optimistic');
    return `POSITION: for. Nobody has said ${voice} before, nor has anybody asked for it`;
  });
  const { structures } = await harness.run(debate());
  const repeated = structures?.debate?.voices.map(({ positions }) => positions.map((position) => position.repeated));
  expect(repeated).toEqual([
    [undefined, 0],
    [undefined, 1],
    [undefined, 0],
  ]);
  expect(literal(listParts('summary'))).toContain(
    'Cautious voice: against, then for. It changed its mind. Its last words only repeat what was said before.',
  );
  expect(literal(listParts('summary'))).toMatch(/Balanced voice: against, then for\. It changed its mind\.$/m);
});

test('user-defined voices are asked for the POSITION line, unless their own prompts ask for it', async () => {
  const input = debate();
  const { optimistic, cautious } = input.swarm.roles;
  const own = { ...cautious!, system: 'You attack the design.', reminder: 'Be brief.' };
  harness.script = script(() => 'POSITION: for');
  await harness.run({ ...input, swarm: { ...input.swarm, roles: { ...input.swarm.roles, cautious: own } } });
  expect(optimistic?.system).toContain('"POSITION: depends, CONFIDENCE: 60"');
  expect(literal(listParts('optimistic'))).not.toContain('CONFIDENCE');
  expect(literal(listParts('cautious'))).toMatch(
    /Kubernetes\?\n\nYour first line says[^]*"POSITION: depends, CONFIDENCE: 60"[^]*\n\nBe brief\.$/,
  );
});

test('a voice whose model is down is recorded as missing, and the debate continues without it', async () => {
  harness.script = script((voice) => {
    if (voice === 'cautious') throw gone();
    return 'POSITION: for';
  });
  const { structures, failures } = await harness.run(debate());
  expect(failures).toMatchObject([{ turn: 'cautious', code: 'MODEL_NOT_FOUND' }]);
  expect(structures?.debate).toMatchObject({
    missing: [{ role: 'cautious', round: 1, code: 'MODEL_NOT_FOUND', message: 'is gone' }],
    quorum: { needed: 2, heard: 2, met: true },
    only_voice: null,
  });
  expect(literal(listParts('summary'))).toContain('Cautious voice was not heard in round 1: is gone');
});

test('a voice that is late after the quorum is cancelled and recorded', async () => {
  let release = () => {};
  const never = new Promise<void>((resolve) => (release = resolve));
  harness.script = script(async (voice) => {
    if (voice === 'balanced') await never;
    return 'POSITION: for';
  });
  harness.stopped.length = 0;
  const { structures } = await harness.run(debate({ patience_seconds: 1 }));
  release();
  expect(structures?.debate?.missing).toMatchObject([{ role: 'balanced', code: 'CUT_OFF' }]);
  expect(harness.stopped).toEqual([['balanced', 'CUT_OFF']]);
  expect(structures?.debate?.voices.map(({ role }) => role)).toEqual(['optimistic', 'cautious']);
});

describe('a voice that is interrupted for guidance, and waits for approval before it restarts', () => {
  const countAnswers = async (handle: WorkflowHandle) => {
    const { currentDetails } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    return currentDetails?.match(/ tokens/g)?.length;
  };

  const stopped = async () => {
    const beating = setInterval(() => Context.current().heartbeat(), 100);
    return Context.current().cancelled.finally(() => clearInterval(beating));
  };

  /** The other voices have answered, and have used up the approved amount. */
  async function startWaiting(saidAfterwards: () => string | Promise<string>) {
    harness.announced.length = 0;
    harness.script = script((voice) => {
      if (voice !== 'balanced') return 'POSITION: for';
      return turns().includes('balanced~2') ? saidAfterwards() : stopped();
    });
    const input = debate({ patience_seconds: 5 });
    const handle = await harness.start({ ...input, gates: { approve_above_usd: 0.0015 } });
    await until(async () => (await countAnswers(handle)) === 2);
    const say = (name: string, text: object) => handle.executeUpdate<unknown, [object]>(name, { args: [text] });
    await say('message', { content: 'Mind the cost.', interrupt: true });
    const approve = async (gate: string, afterMs = 0) => {
      await until(() => harness.announced.some(({ name }) => name === `gate.opened:${gate}`));
      await sleep(afterMs);
      await say('approve', { gate, reason: '' });
    };
    await approve('cost-1', 6000);
    return { handle, approve, finished: () => handle.result() as Promise<RunResult> };
  }

  test('does not count as late', async () => {
    const { handle, approve, finished } = await startWaiting(() => 'POSITION: for');
    await approve('cost-2');
    const { structures } = await finished();
    expect(structures?.debate?.missing).toEqual([]);
    expect(structures?.debate?.voices.map(({ role }) => role)).toEqual(['optimistic', 'cautious', 'balanced']);
    await replay(handle);
  });

  test('has only the remaining time afterwards', async () => {
    const { handle, finished } = await startWaiting(stopped);
    const from = Date.now();
    const { structures } = await finished();
    expect(turns()).toContain('balanced~2');
    expect(structures?.debate?.missing).toMatchObject([{ role: 'balanced', code: 'CUT_OFF' }]);
    expect(Date.now() - from).toBeLessThan(10_000);
    await replay(handle);
  });
});

test('a single remaining voice is recorded as such, and there are no further rounds', async () => {
  harness.script = script((voice) => {
    if (voice !== 'balanced') throw gone();
    return 'POSITION: depends';
  });
  const { structures } = await harness.run(debate({ rounds: 4 }));
  expect(turns()).toEqual([...VOICES, 'summary', 'judge']);
  expect(structures?.debate).toMatchObject({ only_voice: 'balanced', agreed: false, quorum: { met: false } });
  expect(literal(listParts('summary'))).toContain('A single voice was heard, so this was no debate.');
});

test('without any answer the run fails, with the common cause if there is one', async () => {
  harness.script = () => {
    throw ApplicationFailure.nonRetryable('set the key', 'GATEWAY_KEY_MISSING');
  };
  await expect(harness.run(debate())).rejects.toMatchObject({ cause: { type: 'GATEWAY_KEY_MISSING' } });
});

test('an unreadable judgement is requested once more with the error', async () => {
  const answers = ['I accept it.', `\`\`\`json\n${JSON.stringify(JUDGEMENT)}\n\`\`\``];
  const voices = script(() => 'POSITION: for');
  harness.script = (request) => (request.turn.startsWith('judge') ? answers.shift()! : voices(request));
  const { structures } = await harness.run(debate());
  expect(structures?.judge).toEqual(JUDGEMENT);
  expect(structures?.unread).toBeUndefined();
  expect(literal(listParts('judge-repair'))).toContain('holds no JSON object');
});

test('a judgement that stays unreadable is recorded as unread, and the run completes', async () => {
  const voices = script(() => 'POSITION: for');
  harness.script = (request) => (request.turn.startsWith('judge') ? '{"decision": "perhaps"}' : voices(request));
  const { structures, answers } = await harness.run(debate());
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

test('a replay makes the same decisions', async () => {
  harness.script = script((voice, round) => `POSITION: ${voice === 'cautious' && round < 3 ? 'against' : 'for'}`);
  const input = debate({ rounds: 5 });
  const { structures } = await harness.run(input);
  expect(structures?.debate?.rounds).toBe(3);
  await replay(harness.handle(input.run_id));
});
