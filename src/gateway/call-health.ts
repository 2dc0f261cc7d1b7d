/** The outcome of the last call to each gateway: an answer proves more than any probe. */
import type { FailureCode } from '../contract';
import type { Chat } from './chat';
import { GatewayFailure } from './failures';

/** `refused`: the gateway rejected our key. */
export interface LastCall {
  outcome: 'answered' | 'refused' | 'failed';
  at: number;
  /** The problem, in one sentence; empty if there is none. */
  message: string;
}

export interface CallHealth {
  /** Returns the last call whose outcome says something about the gateway; undefined before there is one. */
  lastCall(gateway: string): LastCall | undefined;
  /** Wraps a chat and records how its calls end. */
  watch(chat: Chat): Chat;
}

const REFUSED: readonly FailureCode[] = ['GATEWAY_KEY_REFUSED'];
const FAILED: readonly FailureCode[] = [
  'GATEWAY_UNAVAILABLE',
  'GATEWAY_ERROR',
  'GATEWAY_CREDIT_EXHAUSTED',
  'FIRST_TOKEN_TIMEOUT',
];

export function createCallHealth(): CallHealth {
  const last = new Map<string, LastCall>();
  const note = (gateway: string, outcome: LastCall['outcome'], message = '') =>
    void last.set(gateway, { outcome, message, at: Date.now() });
  return {
    lastCall: (gateway) => last.get(gateway),
    watch: (chat) => async (call) => {
      const { name } = call.endpoint;
      try {
        const result = await chat(call);
        note(name, 'answered');
        return result;
      } catch (error) {
        if (error instanceof GatewayFailure && REFUSED.includes(error.code)) note(name, 'refused', error.message);
        if (error instanceof GatewayFailure && FAILED.includes(error.code)) note(name, 'failed', error.message);
        throw error;
      }
    },
  };
}
