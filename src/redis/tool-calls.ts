/**
 * State that the API processes share about tool calls that wait for a run. It is indexed by request, so that a cancellation that arrives at
 * any process finds the run, and by question, so that a caller who disconnected and asks again gets the run that is already started. A
 * process that dies stops renewing its calls, which then count as abandoned.
 */
import { z } from 'zod';
import type { RedisConnection } from './connect';
import { callQuestionKey, callRequestKey } from './keys';
import { defineScript, flag } from './scripts';

/** A call that waits for a run; `request` and `question` are hashes. */
export interface WaitingCall {
  request: string;
  question: string;
  runId: string;
}

/** Either a run of the question that was taken over, or whether callers still wait for its runs. */
type Claimed = { runId: string } | { isAwaited: boolean };

export interface ToolCalls {
  /** Takes over a run that was started for the same question and whose caller has left. */
  claim(question: string): Promise<Claimed>;
  /** Records that a caller waits for the run. */
  open(call: WaitingCall): Promise<void>;
  /** Call this every {@link RENEWAL_MS}. Returns false once the request was cancelled or abandoned. */
  renew(call: WaitingCall): Promise<boolean>;
  /**
   * The caller left without the answer: the next caller with the same question takes the run over. Returns false, and changes nothing, if
   * the request was cancelled or abandoned.
   */
  abandon(call: WaitingCall): Promise<boolean>;
  /** The caller received the answer. Returns false, and changes nothing, if the request was cancelled or abandoned. */
  close(call: WaitingCall): Promise<boolean>;
  /** Returns whether a caller waits for the run, or the run can be taken over. */
  isKept(call: Pick<WaitingCall, 'question' | 'runId'>): Promise<boolean>;
  /** Makes the run unavailable for takeover. */
  forget(call: Pick<WaitingCall, 'question' | 'runId'>): Promise<void>;
  /** Forgets a run unless it was taken over since its caller left. Returns whether it was forgotten. */
  forgetAbandoned(call: Pick<WaitingCall, 'question' | 'runId'>): Promise<boolean>;
  /** Withdraws a request and returns its call; undefined if none waits, or if several callers use the same request id. */
  withdraw(request: string): Promise<WaitingCall | undefined>;
  /** Lets the next caller with the same question take over the run of a withdrawn request. */
  release(call: WaitingCall): Promise<void>;
}

export const RENEWAL_MS = 2500;
/** A call that was not renewed for this long counts as abandoned. Milliseconds. */
const LEASE_MS = 8000;
/** How long the run of an abandoned call can be taken over. Seconds. */
const KEPT_SECONDS = 24 * 3600;

const claimToolCall = defineScript<{ leaseMs: number }, string | number>(
  'claim-tool-call',
  z.union([z.string(), z.number()]),
);
const leaseToolCall = defineScript<
  { call: string; leaseMs: number; ttlSeconds: number; onlyIfPresent: boolean },
  boolean
>('lease-tool-call', flag);
const cancelToolCall = defineScript<object, string | null>('cancel-tool-call', z.string().nullable());
const forgetAbandonedToolCall = defineScript<{ run: string }, boolean>('forget-abandoned-tool-call', flag);

/** A call's member in the set of its request. It contains the question, which `withdraw` needs. */
const toMember = ({ runId, question }: WaitingCall) => `${runId} ${question}`;

export function createToolCalls(redis: RedisConnection): ToolCalls {
  // each script takes one key: the two sets need not share a hash slot
  const lease = (key: string, call: string, onlyIfPresent: boolean) =>
    leaseToolCall(redis, [key], { call, leaseMs: LEASE_MS, ttlSeconds: KEPT_SECONDS, onlyIfPresent });
  const leaseRequest = (call: WaitingCall, onlyIfPresent: boolean) =>
    lease(callRequestKey(call.request), toMember(call), onlyIfPresent);
  const leaseQuestion = ({ question, runId }: WaitingCall, onlyIfPresent: boolean) =>
    lease(callQuestionKey(question), runId, onlyIfPresent);
  const leaveRequest = async (call: WaitingCall) =>
    (await redis.zrem(callRequestKey(call.request), toMember(call))) === 1;
  const toolCalls: ToolCalls = {
    async claim(question) {
      const found = await claimToolCall(redis, [callQuestionKey(question)], { leaseMs: LEASE_MS });
      return typeof found === 'string' ? { runId: found } : { isAwaited: found === 1 };
    },
    open: async (call) => void (await Promise.all([leaseRequest(call, false), leaseQuestion(call, false)])),
    async renew(call) {
      // the run of a withdrawn request is left to other callers
      if (!(await leaseRequest(call, true))) return false;
      await leaseQuestion(call, true);
      return true;
    },
    async abandon(call) {
      if (!(await leaveRequest(call))) return false;
      await toolCalls.release(call);
      return true;
    },
    async close(call) {
      if (!(await leaveRequest(call))) return false;
      await toolCalls.forget(call);
      return true;
    },
    isKept: async ({ question, runId }) => (await redis.zscore(callQuestionKey(question), runId)) !== null,
    forget: async ({ question, runId }) => void (await redis.zrem(callQuestionKey(question), runId)),
    forgetAbandoned: ({ question, runId }) =>
      forgetAbandonedToolCall(redis, [callQuestionKey(question)], { run: runId }),
    async withdraw(request) {
      const [runId, question] = (await cancelToolCall(redis, [callRequestKey(request)], {}))?.split(' ') ?? [];
      return runId === undefined || question === undefined ? undefined : { request, question, runId };
    },
    release: async ({ question, runId }) => void (await redis.zadd(callQuestionKey(question), 'XX', 0, runId)),
  };
  return toolCalls;
}
