/** What limits, health and budgets add to a model call: admission before it and booking after it, without the call itself. */
import { randomUUID } from 'node:crypto';
import { createAdmission } from '../../src/model-call/admission';
import { UNLIMITED, type ModelLimits, type PlannedCall } from '../../src/model-call/planned-call';
import { createReuse } from '../../src/model-call/answer-cache';
import type { TurnRequest } from '../../src/contract';
import { connectCompatible } from '../../src/gateway/adapters/compatible';
import type { ChatResult } from '../../src/gateway/chat';
import { LONGEST_REQUESTED_WAIT_MS } from '../../src/gateway/failures';
import { createPrices } from '../../src/gateway/prices';
import { createAnswers } from '../../src/redis/answers';
import { connectRedis, type RedisConnection } from '../../src/redis/connect';
import { createLedger, type Budget } from '../../src/redis/ledger';
import { createLimiter } from '../../src/redis/limiter';
import { percentile } from '../statistics';
import type { Scenario } from './scenario';

const CALLS = 500;
const WARM_UP_CALLS = 200;
/** Limits and budgets that are never reached: the measurement covers checking them, not waiting for them. */
const MANY = 1_000_000_000;
const LIMITED: ModelLimits = { ...UNLIMITED, requests: MANY, tokens: MANY, concurrency: MANY };
const BUDGET: Budget = { usd: MANY, tokens: MANY };

export const admission: Scenario = {
  name: 'admission',
  title: `Added to a model call by its admission and its entry in the books, ms: ${CALLS} calls, one after the other`,
  metrics: [
    { key: 'on.p50', label: 'with limits, health and budgets, p50' },
    { key: 'on.p99', label: 'with limits, health and budgets, p99' },
    { key: 'off.p50', label: 'with health and books, nothing limited, p50' },
    { key: 'off.p99', label: 'with health and books, nothing limited, p99' },
  ],
  rounds: ({ rounds }) => rounds,
  suits: ({ name }) => name === 'ours',
  async measure({ redisUrl }) {
    const redis = connectRedis({ url: redisUrl, patient: true });
    try {
      const on = await measureTimes(redis, LIMITED, BUDGET);
      const off = await measureTimes(redis, UNLIMITED, {});
      return {
        'on.p50': percentile(on, 50),
        'on.p99': percentile(on, 99),
        'off.p50': percentile(off, 50),
        'off.p99': percentile(off, 99),
      };
    } finally {
      redis.disconnect();
    }
  },
};

/** Measures the milliseconds of calls that are answered at once, each in its own run, as the production worker makes them. */
async function measureTimes(redis: RedisConnection, limits: ModelLimits, budget: Budget): Promise<number[]> {
  const model = `model-${randomUUID()}`;
  const { execute } = createAdmission(
    () => Promise.resolve({ ...ANSWER, model }),
    createReuse(createAnswers(redis, 60)),
    {
      limiter: createLimiter(redis, { windowMs: 60_000, patienceMs: LONGEST_REQUESTED_WAIT_MS }),
      ledger: createLedger(redis, 'month'),
      prices: createPrices({ [model]: { input: 1, output: 2 } }),
      limits: { '*': limits },
      budgets: { run: budget, session: budget, account: budget },
    },
  );
  const times: number[] = [];
  for (let i = 0; i < WARM_UP_CALLS + CALLS; i++) {
    const call = plannedCall(model);
    const startedAt = performance.now();
    await execute(call);
    times.push(performance.now() - startedAt);
  }
  return times.slice(WARM_UP_CALLS);
}

const ANSWER: Omit<ChatResult, 'model'> = {
  finishReason: 'stop',
  usage: { prompt_tokens: 20, completion_tokens: 10 },
  costUsd: null,
  firstTokenMs: 1,
  generationId: undefined,
  gatewayOption: undefined,
};

function plannedCall(model: string): PlannedCall {
  const run_id = randomUUID();
  const candidate = { endpoint: connectCompatible({ apiKey: undefined, baseUrl: 'http://127.0.0.1/v1' }), model };
  const request = {
    run_id,
    session_id: run_id,
    team_id: 'one-voice',
    turn: 'answer',
    role: 'speaker',
    label: 'Speaker',
    options: {},
  } as TurnRequest;
  return {
    ...{ request, candidate, candidates: [candidate], epoch: 1, number: 0, found: '', shown: '' },
    messages: [{ role: 'user', content: 'Say something.' }],
    temperature: 0,
    maxTokens: 1000,
    signal: new AbortController().signal,
    answerText: () => '',
    onText: () => undefined,
  };
}
