/** A failure is also reported in the fields that are read by clients without error handling. */
import { errorFrame } from '../../src/api/errors';
import { toFailedReply } from '../../src/api/results';
import type { StageResult, TurnResult } from '../../src/contract';

const failure = { code: 'MODEL_NOT_FOUND', message: 'There is no such model.' } as const;
const NOTICE = '[Failed: There is no such model.]';
const about = { run_id: 'run', session_id: 'session', team_id: 'one-voice' };
const usage = { prompt_tokens: 1, completion_tokens: 2 };
const turn = { turn: 'a', role: 'a', label: 'A', model: 'm', text: 'Half.', usage, cost_usd: 0 } as TurnResult;
const result = { turns: [turn], answers: ['a'], failures: [] };

it('is in the content of an error frame that ends the run', () => {
  expect(errorFrame(failure, about)).toEqual({
    ...{ event: 'error', content: `\n\n${NOTICE}`, done: true },
    ...{ error: failure, detail: failure.message, ...about },
  });
});

it('is not in the content of an error frame that other frames follow', () => {
  expect(errorFrame(failure, {}, false)).toMatchObject({ content: '', done: false, error: failure });
});

it('is at the end of the responses, and in the content, of the reply', () => {
  const reply = toFailedReply(result, failure, about);
  expect(reply).toMatchObject({ responses: ['Half.', NOTICE], content: NOTICE, team_id: 'one-voice' });
  expect(reply).not.toHaveProperty('results');
  expect(toFailedReply({ ...result, answers: [] }, failure, undefined).responses).toEqual([NOTICE]);
});

it('is in the results by team of a run of several swarms', () => {
  const stages: StageResult[] = [
    { stage: 'technical', team_id: 'coding-swarm', round: 1, answer: '', failure },
    { stage: 'creative', team_id: 'debate-swarm', round: 1, answer: 'a' },
  ];
  expect(toFailedReply({ ...result, stages }, failure, { ...about, team_id: 'multi' })).toMatchObject({
    responses: ['Half.', NOTICE],
    results: { technical: { error: failure }, creative: { content: 'Half.', model: 'm', team: 'debate-swarm' } },
  });
});
