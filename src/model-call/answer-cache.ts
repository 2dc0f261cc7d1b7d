/** Returns cached answers if the caller allows it. Only complete answers of a turn's first model are cached. */
import type { ChatResult } from '../gateway/chat';
import { nameCandidate } from '../gateway/model-order';
import type { Answers } from '../redis/answers';
import { isBlank } from './blank';
import { toPayer, type PlannedCall } from './planned-call';

export interface Reuse {
  /** Passes a cached answer to the call's `onText`; undefined if the caller does not allow it or nothing is cached. */
  find(planned: PlannedCall): Promise<ChatResult | undefined>;
  /** Caches an answer if the caller allows it and the answer is complete. */
  keep(planned: PlannedCall, reply: ChatResult): Promise<void>;
}

type KeptAnswer = Pick<ChatResult, 'model' | 'finishReason'> & { text: string };

/** The usage of a cached answer. */
const NOTHING = {
  usage: { prompt_tokens: 0, completion_tokens: 0 },
  costUsd: 0,
  firstTokenMs: null,
  generationId: undefined,
  gatewayOption: undefined,
};

export function createReuse(answers: Answers): Reuse {
  return {
    async find(planned) {
      if (!mayReuse(planned)) return undefined;
      const kept = (await answers.find(toPayer(planned.request).account, toCacheQuestion(planned))) as
        KeptAnswer | undefined;
      if (!kept) return undefined;
      planned.onText(kept.text);
      return { model: kept.model, finishReason: kept.finishReason, ...NOTHING };
    },
    async keep(planned, { model, finishReason }) {
      if (!mayReuse(planned) || finishReason !== 'stop' || isBlank(planned.answerText())) return;
      const kept: KeptAnswer = { model, finishReason, text: planned.answerText() };
      await answers.keep(toPayer(planned.request).account, toCacheQuestion(planned), kept);
    },
  };
}

/** Not for continuations, which depend on more than the question, and not for fallback models. */
function mayReuse({ request, candidate, candidates, shown }: PlannedCall): boolean {
  return request.options.cache === 'ok' && candidate === candidates[0] && shown === '';
}

function toCacheQuestion({ candidate, messages, temperature, maxTokens }: PlannedCall): unknown {
  return [nameCandidate(candidate), messages, temperature, maxTokens];
}
