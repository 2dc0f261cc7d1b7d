/** Tracks tool calls that wait for a run: a repeated question finds the run of the first one, and a cancelled call stops its run. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RENEWAL_MS, type WaitingCall } from '../../../redis/tool-calls';
import { within } from '../../limits/within';
import { fingerprint, hash, type Order } from '../../start-requests';
import type { Services } from '../../services';

/**
 * The sender of a request. Without a session, whose id the server assigns at `initialize`, request ids of different clients may collide.
 */
export interface Client {
  tenant: string | undefined;
  session: string | undefined;
}

type Needed = Pick<Services, 'toolCalls' | 'runs' | 'cancelRun'>;

/** Without Redis a call is answered, but can neither be recognised as a repetition nor be cancelled. */
const PATIENCE_MS = 500;
const tolerate = <T>(answer: Promise<T>) => within(PATIENCE_MS, answer).catch(() => undefined);

/** If nobody received the answer of a completed run, the next caller who asks the same within this time gets it. */
const ANSWER_KEPT_MS = 3_600_000;

/** A caller may ask again before its cancellation of the first request has been processed. */
const CLAIMS = 5;
const CLAIM_MS = 100;

/** Returns the run of an equal call whose caller left before the answer came: that answer is already being paid for. */
export async function findAbandonedRun({ toolCalls, runs }: Needed, order: Order): Promise<string | undefined> {
  const question = identifyQuestion(order);
  for (let claims = 0; claims < CLAIMS;) {
    const claimed = await tolerate(toolCalls.claim(question));
    if (claimed && 'runId' in claimed) {
      const { runId } = claimed;
      if (await hasAnswer(runs, runId)) return runId;
      await tolerate(toolCalls.forget({ question, runId }));
    } else {
      if (!claimed?.isAwaited) return undefined;
      claims++;
      await sleep(CLAIM_MS);
    }
  }
  return undefined;
}

/** Whether a run has an answer for another caller, or may still produce one. */
async function hasAnswer(runs: Needed['runs'], runId: string): Promise<boolean> {
  const run = await runs.describe(runId).catch(() => undefined);
  if (run?.status === 'running') return true;
  const endedAgo = run?.ended_at ? Date.now() - Date.parse(run.ended_at) : 0;
  return run?.status === 'completed' && endedAgo < ANSWER_KEPT_MS;
}

/** One waiting call. */
export interface HeldCall {
  /** Aborted within seconds after the client cancelled the request or gave it up. */
  readonly withdrawn: AbortSignal;
  /** Whether the client has cancelled the request and no longer wants the run. */
  isCancelled(): Promise<boolean>;
  /** The caller leaves without an answer; a later call with the same arguments finds the run. The result is that of `close`. */
  abandon(): Promise<boolean>;
  /** The caller gets an answer. Returns false if the client has withdrawn the request, which must then not be answered. */
  close(): Promise<boolean>;
}

export async function holdCall(
  { toolCalls }: Needed,
  client: Client,
  requestId: string | number,
  order: Order,
  runId: string,
): Promise<HeldCall> {
  const call: WaitingCall = { request: identifyRequest(client, requestId), question: identifyQuestion(order), runId };
  const opened = await tolerate(toolCalls.open(call).then(() => true));
  const withdrawn = new AbortController();
  const isWithdrawn = async () => opened === true && (await tolerate(toolCalls.renew(call))) === false;
  const renewal = setInterval(() => void isWithdrawn().then((is) => is && withdrawn.abort()), RENEWAL_MS);
  const leave = async (left: Promise<boolean>) => {
    clearInterval(renewal);
    return (await tolerate(left)) !== false || opened !== true;
  };
  return {
    withdrawn: withdrawn.signal,
    isCancelled: async () => (await isWithdrawn()) && (await tolerate(toolCalls.isKept(call))) === false,
    abandon: () => leave(toolCalls.abandon(call)),
    close: () => leave(toolCalls.close(call)),
  };
}

/** A cancellation may arrive before the request that it refers to. */
const LOOKUPS = 10;
const LOOKUP_MS = 200;

/** How long the run of a caller who gave up waiting continues if nobody asks the same again. */
const GIVEN_UP_MS = 120_000;

/** The wording of clients with a time limit; the official one sends -32001, "Request timed out". */
const TIMED_OUT = /-32001|\btim(?:ed?|ing)[ -]?out\b/i;

/** The reason of a cancellation is read up to this length. UTF-16 units. */
const LONGEST_REASON = 1000;

/** Whether a client cancels a request only because of a timeout: it may ask again, and the run is already being paid for. */
export function isTimeout(reason: string | undefined): boolean {
  return reason !== undefined && TIMED_OUT.test(reason.slice(0, LONGEST_REASON));
}

/**
 * Stops the run of a request, whichever process serves it. Does nothing if the request has ended. After a timeout the run continues for a
 * while, and an equal call takes it over.
 */
export async function cancelCall(
  services: Needed,
  client: Client,
  requestId: string | number,
  { reason, givenUpMs = GIVEN_UP_MS }: { reason?: string | undefined; givenUpMs?: number } = {},
): Promise<void> {
  const call = await findCall(services, identifyRequest(client, requestId));
  if (!call) return;
  if (isTimeout(reason)) return giveUp(services, call, givenUpMs);
  await services.toolCalls.forget(call);
  // a run that has not been started yet is cancelled by the call itself
  await services.cancelRun(call.runId).catch(() => undefined);
}

async function findCall({ toolCalls }: Needed, request: string): Promise<WaitingCall | undefined> {
  for (let lookup = 0; lookup < LOOKUPS; lookup++) {
    const call = await toolCalls.withdraw(request);
    if (call) return call;
    await sleep(LOOKUP_MS);
  }
  return undefined;
}

async function giveUp({ toolCalls, cancelRun }: Needed, call: WaitingCall, givenUpMs: number): Promise<void> {
  await toolCalls.release(call);
  await sleep(givenUpMs, undefined, { ref: false });
  if (await toolCalls.forgetAbandoned(call)) await cancelRun(call.runId);
}

function identifyRequest({ tenant, session }: Client, requestId: string | number): string {
  return hash(JSON.stringify([tenant ?? null, session ?? null, requestId]));
}

function identifyQuestion(order: Order): string {
  return hash(JSON.stringify([order.tenant ?? null, fingerprint(order)]));
}
