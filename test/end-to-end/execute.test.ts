import { medianOfShots } from '../support/shots';
import { createStack, type Stack } from '../support/stack';
import { cases, CASE_TEXT } from '../support/scripted-gateway';
import { planText } from '../support/plan';
import { collectSse, foldFrames, get, post, listTexts } from '../support/readers';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
afterAll(() => stack.stop());

const DOUBLE = 'Write double(x), which doubles a number.\ndouble(2) -> 4';
const json = (body: object) => ({ method: 'POST', body: JSON.stringify(body) });

describe('POST /swarm/execute', () => {
  test('returns the reply that clients expect', async () => {
    const { status, body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Hello' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ team_id: 'one-voice', status: 'complete', responses: ['Hello from upstream.'] });
    expect(body.session_id).toMatch(/^session-/);
    expect(body.turns).toMatchObject([
      { turn: 'answer', role: 'speaker', model: 'balanced-model', attempts: 1, truncated: false },
    ]);
  });

  test('reports the model that the gateway says has answered, not the requested one', async () => {
    stack.gateway.script('balanced-model', [{ tokens: ['I'], model: 'another/model-7b' }]);
    const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Who are you?' });
    expect(body.turns[0].model).toBe('another/model-7b');
  });

  test('streams frames whose text is the result, and ends with done and [DONE]', async () => {
    stack.gateway.script('balanced-model', [{ tokens: { count: 40 }, intervalMs: 3 }]);
    const frames = await collectSse(
      `${stack.url}/swarm/execute`,
      json({ swarm_id: 'one-voice', message: 'Count', stream: true }),
    );
    const last = frames[frames.length - 1];
    expect(last).toMatchObject({ event: 'run.completed', done: true, content: '', team_id: 'one-voice' });
    expect(frames.filter(({ done }) => done)).toHaveLength(1);
    const { body } = await get(`${stack.url}/runs/${last?.run_id}`);
    expect(listTexts(foldFrames(frames)).answer).toBe(body.responses[0]);
    expect(frames.map(({ content }) => content).join('')).toBe(body.responses[0]);
  });

  test('sends a frame for each token of a stream at reading speed', async () => {
    stack.gateway.script('balanced-model', [{ tokens: { count: 30 }, intervalMs: 25 }]);
    const frames = await collectSse(
      `${stack.url}/swarm/execute`,
      json({ swarm_id: 'one-voice', message: 'Slow', stream: true }),
    );
    expect(frames.filter(({ event }) => event === 'turn.delta').length).toBeGreaterThanOrEqual(28);
  });

  test('returns 202 with the address of the run if the caller does not want to wait', async () => {
    const prefer = await post(
      `${stack.url}/swarm/execute`,
      { swarm_id: 'one-voice', message: 'Later' },
      { Prefer: 'respond-async' },
    );
    expect(prefer.status).toBe(202);
    expect(prefer.headers.get('location')).toBe(`/runs/${prefer.body.run_id}`);
    const field = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Later', wait: false });
    expect(field.status).toBe(202);
    const frames = await collectSse(`${stack.url}${field.body.events}`);
    expect(frames[frames.length - 1]).toMatchObject({ event: 'run.completed', run_id: field.body.run_id });
  });

  test('starts one run for one idempotency key, and refuses the key for another request', async () => {
    const key = { 'Idempotency-Key': `key-${Date.now()}` };
    const order = { swarm_id: 'one-voice', message: 'Once' };
    const replies = await Promise.all(Array.from({ length: 5 }, () => post(`${stack.url}/swarm/execute`, order, key)));
    expect(new Set(replies.map(({ body }) => body.run_id)).size).toBe(1);
    expect(replies.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')).toHaveLength(4);
    const other = await post(`${stack.url}/swarm/execute`, { ...order, message: 'Twice' }, key);
    expect([other.status, other.body.error.code]).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
  });

  test('passes temperature and token limit on to the gateway', async () => {
    await post(`${stack.url}/swarm/execute`, {
      swarm_id: 'one-voice',
      message: 'Warm',
      temperature: 0.9,
      max_tokens: 77,
    });
    const calls = stack.gateway.calls('balanced-model');
    expect(calls[calls.length - 1]?.body).toMatchObject({ temperature: 0.9, max_tokens: 77 });
  });
});

const JUDGEMENT = {
  decision: 'accept',
  rationale: ['All are for it.'],
  runner_instructions: [],
  confidence_score: 0.9,
  quality_score: 0.4,
};

describe('the swarms', () => {
  test('strategic: the critic reads the draft, and the final plan reads both', async () => {
    stack.gateway.script('strategic-model', [
      { tokens: ['DRAFT-7'] },
      { tokens: ['CRITIQUE-7'] },
      { tokens: [planText('FINAL-7')] },
    ]);
    const before = stack.gateway.calls('strategic-model').length;
    const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'strategic-swarm', message: 'Plan it' });
    expect(body.responses).toEqual([planText('FINAL-7')]);
    expect(body.plan).toMatchObject({ missing: [], weak: [], steps: expect.stringContaining('FINAL-7') });
    const prompts = stack.gateway
      .calls('strategic-model')
      .slice(before)
      .map((call) => JSON.stringify(call.body));
    expect(prompts).toHaveLength(3);
    expect(prompts[1]).toContain('DRAFT-7');
    expect(prompts[2]).toMatch(/DRAFT-7.*CRITIQUE-7/);
  });

  test('coding: code that satisfies the examples of the request is the answer, with the record of its execution', async () => {
    const code = '```python\ndef double(x):\n    return 2 * x\n```';
    stack.gateway.script('coding-model', [{ tokens: [code] }, { tokens: ['Fine. VERDICT: PASS'] }]);
    const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'coding-swarm', message: DOUBLE });
    expect(body.responses).toEqual([`${code}\n\nExecuted (python): 2 of 2 checks passed.`]);
    expect(body.verification).toMatchObject({ turn: 'draft', executed: true, passed: true, rounds: 0 });
    expect(body.turns).toHaveLength(2);
  });

  test('coding: if another coder fails too, the failures go back to the coder with the actual values', async () => {
    const wrong = '```python\ndef double(x):\n    return x\n```';
    const right = '```python\ndef double(x):\n    return x + x\n```';
    const drafts = [wrong, wrong, right].map((text) => ({ tokens: [text] }));
    stack.gateway.script('coding-model', [...drafts, { tokens: ['VERDICT: PASS'] }]);
    const before = stack.gateway.calls('coding-model').length;
    const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'coding-swarm', message: DOUBLE });
    expect(body.responses).toEqual([`${right}\n\nExecuted (python): 2 of 2 checks passed after 1 repair.`]);
    const [, , repair] = stack.gateway.calls('coding-model').slice(before);
    expect(JSON.stringify(repair?.body)).toContain('double(2) returned 2, expected 4');
  });

  test('coding: of several drafts the one whose code satisfies the examples is the answer', async () => {
    const code = (body: string) => '```python\ndef double(x):\n    return ' + body + '\n```';
    const drafts = ['x', 'x + x', '2'].map((body) => ({ tokens: [code(body)] }));
    stack.gateway.script('coding-model', [...drafts, { tokens: ['VERDICT: PASS'] }]);
    const order = { swarm_id: 'coding-swarm', message: DOUBLE, drafts: 3 };
    const { body } = await post(`${stack.url}/swarm/execute`, order);
    const reported = 'Executed (python): 2 of 2 checks passed. It is the only one of 3 drafts that passes.';
    expect(body.responses).toEqual([`${code('x + x')}\n\n${reported}`]);
    expect(body.verification).toMatchObject({ passed: true, rounds: 0, agreement: { drafts: 1, failed: 2 } });
    expect(body.turns.length + body.failures.length).toBe(4);
  });

  test('coding: of drafts that all satisfy the examples, the answer is the one with the most agreement', async () => {
    const code = (body: string) => '```python\ndef sign(x):\n    return ' + body + '\n```';
    const [wrong, right, other] = ['1 if x > 0 else -1', '(x > 0) - (x < 0)', '0 if x == 0 else x // abs(x)'].map(code);
    const drafts = [wrong, right, other].map((text) => ({ tokens: [text!] }));
    stack.gateway.script('coding-model', [...drafts, { tokens: ['VERDICT: PASS'] }]);
    const message = 'Write a function sign:\n>>> sign(3)\n1\n>>> sign(-3)\n-1\n';
    const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'coding-swarm', message, drafts: 3 });
    expect(body.responses[0]).toMatch(/checks passed\. 2 (of 3 )?drafts return the same for \d+ calls\.$/);
    expect([right, other].some((text) => body.responses[0].startsWith(text))).toBe(true);
    expect(body.verification).toMatchObject({ passed: true, rounds: 0, agreement: { agreeing: 2 } });
  });

  test('coding: an answer without code says that nothing was executed', async () => {
    stack.gateway.script('coding-model', [{ tokens: ['I would rather not.'] }, { tokens: ['VERDICT: REVISE'] }]);
    const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'coding-swarm', message: DOUBLE });
    expect(body.responses[0]).toMatch(/^I would rather not\.\n\nNot executed: /);
    expect(body.verification).toMatchObject({ executed: false, passed: false });
  });

  test('debate: three voices answer in parallel on three models, and the summary reads all of them', async () => {
    const spread = await medianOfShots(async () => {
      for (const model of ['optimistic', 'cautious', 'balanced']) {
        stack.gateway.script(`${model}-model`, [{ tokens: [`POSITION: for. VOICE-${model}`], firstTokenMs: 300 }]);
      }
      stack.gateway.script('strategic-model', [{ tokens: ['SUMMARY'] }, { tokens: [JSON.stringify(JUDGEMENT)] }]);
      const before = stack.gateway.requests.length;
      const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'debate-swarm', message: 'Should we?' });
      const voices = ['VOICE-optimistic', 'VOICE-cautious', 'VOICE-balanced'];
      expect(body.responses).toEqual([...voices.map((voice) => `POSITION: for. ${voice}`), 'SUMMARY']);
      const models = body.turns.map(({ model }: { model: string }) => model);
      expect(new Set(models.slice(0, 3))).toEqual(new Set(['balanced-model', 'cautious-model', 'optimistic-model']));
      expect(models.slice(3)).toEqual(['strategic-model', 'strategic-model']);
      expect(body).toMatchObject({ debate: { rounds: 1, agreed: true, majority: 'for' }, judge: JUDGEMENT });
      const calls = stack.gateway.requests.slice(before).filter(({ path }) => path.endsWith('/chat/completions'));
      expect(calls).toHaveLength(5);
      const starts = calls.slice(0, 3).map(({ at }) => at);
      expect(JSON.stringify(calls[3]?.body)).toMatch(/VOICE-optimistic.*VOICE-cautious.*VOICE-balanced/);
      return Math.max(...starts) - Math.min(...starts);
    });
    expect(spread).toBeLessThan(250);
  });

  test('debate: a voice whose model is missing is recorded, and the others continue', async () => {
    stack.gateway.script('cautious-model', cases.modelDeprecated);
    const { status, body } = await post(`${stack.url}/swarm/execute`, {
      swarm_id: 'debate-swarm',
      message: 'Should we?',
    });
    expect(status).toBe(200);
    expect(body.failures).toMatchObject([{ role: 'cautious', code: 'MODEL_NOT_FOUND' }]);
    expect(body.responses).toHaveLength(3);
  });

  test('GET /swarms lists them with their roles and without their prompts', async () => {
    const { body } = await get(`${stack.url}/swarms`);
    expect(body.map(({ id }: { id: string }) => id)).toEqual([
      'strategic-swarm',
      'coding-swarm',
      'debate-swarm',
      'one-voice',
      'coordinate',
    ]);
    expect(JSON.stringify(body)).not.toContain('You are');
  });
});

describe('a session', () => {
  test('allows the second question to refer to the first', async () => {
    const session_id = `session-${Date.now()}`;
    stack.gateway.script('balanced-model', [{ tokens: ['The ', 'answer is 42.'] }]);
    await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'What is the answer?', session_id });
    await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Why that?', session_id });
    const calls = stack.gateway.calls('balanced-model');
    expect((calls[calls.length - 1]?.body as { messages: unknown }).messages).toEqual([
      { role: 'system', content: 'Answer.' },
      { role: 'user', content: 'What is the answer?' },
      { role: 'assistant', content: 'The answer is 42.' },
      { role: 'user', content: 'Why that?' },
    ]);
    const { body } = await get(`${stack.url}/sessions/${session_id}`);
    expect(body.messages).toHaveLength(4);
    expect(body.context).toEqual(body.messages);
  });

  test('that does not exist is a 404', async () => {
    const { status, body } = await get(`${stack.url}/sessions/nobody`);
    expect([status, body.error.code]).toEqual([404, 'UNKNOWN_SESSION']);
  });
});

describe('runs', () => {
  test('are listed by swarm, session and status, page by page', async () => {
    const session_id = `list-${Date.now()}`;
    for (let i = 0; i < 3; i++)
      await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: `${i}`, session_id });
    const seen: string[] = [];
    let page: string;
    // visibility is eventually consistent: poll until all three are listed
    for (const end = Date.now() + 10_000; Date.now() < end && seen.length < 3;) {
      seen.length = 0;
      page = '';
      do {
        const { body } = await get(`${stack.url}/runs?session=${session_id}&status=completed&limit=2${page}`);
        seen.push(...body.runs.map(({ message }: { message: string }) => message));
        page = body.next_page ? `&page=${body.next_page}` : '';
      } while (page);
    }
    expect(seen.sort()).toEqual(['0', '1', '2']);
    expect((await get(`${stack.url}/runs?session=${session_id}&status=failed`)).body.runs).toEqual([]);
  });

  test('GET /runs/:id shows a finished run with its turns and a link to the Temporal Web UI', async () => {
    stack.gateway.script('balanced-model', cases.normalStream);
    const { body: reply } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Show me' });
    const { body } = await get(`${stack.url}/runs/${reply.run_id}`);
    expect(body).toMatchObject({
      run_id: reply.run_id,
      swarm_id: 'one-voice',
      status: 'completed',
      message: 'Show me',
      responses: [CASE_TEXT],
    });
    expect(body.ended_at).not.toBeNull();
  });
});
