/** Answers a call from the cache where its caller allows it: only whole answers by the model that a turn asks first are kept. */
import type { ChatResult } from '../gateway/chat';
import { nameOf } from '../gateway/order';
import type { Answers } from '../redis/answers';
import { payerOf, type PlannedCall } from './planned-call';

export interface Reuse {
  /** Says a kept answer to the call's `onText`; undefined when the caller does not allow it, or nothing is kept. */
  find(planned: PlannedCall): Promise<ChatResult | undefined>;
  /** Keeps an answer, where the caller allows it and it is whole. */
  keep(planned: PlannedCall, reply: ChatResult): Promise<void>;
}

type KeptAnswer = Pick<ChatResult, 'model' | 'finishReason'> & { text: string };

/** What a call that was never made has used. */
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
      const kept = (await answers.find(payerOf(planned.request).account, questionOf(planned))) as
        KeptAnswer | undefined;
      if (!kept) return undefined;
      planned.onText(kept.text);
      return { model: kept.model, finishReason: kept.finishReason, ...NOTHING };
    },
    async keep(planned, { model, finishReason }) {
      if (!mayReuse(planned) || finishReason !== 'stop') return;
      const kept: KeptAnswer = { model, finishReason, text: planned.heard() };
      await answers.keep(payerOf(planned.request).account, questionOf(planned), kept);
    },
  };
}

/** A continued text depends on more than its question, and a stand-in is not the model that was asked. */
function mayReuse({ request, candidate, candidates, shown }: PlannedCall): boolean {
  return request.options.cache === 'ok' && candidate === candidates[0] && shown === '';
}

function questionOf({ candidate, messages, temperature, maxTokens }: PlannedCall): unknown {
  return [nameOf(candidate), messages, temperature, maxTokens];
}
