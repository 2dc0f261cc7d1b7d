/** A swarm as a tool: its input, its result and its progress. */
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { CallToolResult, ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import type { z } from 'zod';
import type { RunResult, SwarmDefinition } from '../../../contract';
import type { FailureCode } from '../../../contract/failures';
import { runReply } from '../../../contract/replies';
import { coordinateRequest, sessionIdText } from '../../../contract/requests';
import { ApiError, toApiError } from '../../errors';
import { toReply } from '../../results';
import type { Order } from '../../start-requests';
import type { Services } from '../../services';
import { interrupted, LONGEST_WAIT_MS, waitForResult } from '../../wait';
import { followProgress } from './progress';
import { findAbandonedRun, holdCall, type Client } from './waiting-calls';

const { message, temperature, max_tokens, budget_usd, budget_tokens, budget_calls, max_rounds } =
  coordinateRequest.shape;
/** A tool's schema describes the input; a transformed field would be described by its output. */
const session_id = sessionIdText
  .optional()
  .describe('A conversation that spans calls: its later calls remember the earlier ones.');
const takes = { message, session_id, temperature, max_tokens, budget_usd, budget_tokens, budget_calls };
const { run_id, responses, usage, cost_usd } = runReply.shape;
const answers = { run_id, session_id: runReply.shape.session_id, responses, usage, cost_usd };

/** The arguments of a tool call after validation. */
export type Input = z.infer<z.ZodObject<typeof takes>> & { max_rounds?: number };
export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** A tool call with its caller and the means to answer it. */
export interface ToolCall {
  swarm: SwarmDefinition;
  client: Client;
  input: Input;
  /** Its signal is aborted when the caller's connection closes. */
  extra: Extra;
  /** Ends the request without a response, as the protocol requires for a cancelled request. */
  withdraw(): Promise<void>;
}

export function describeTool({ name, description, stages }: SwarmDefinition) {
  const inputSchema: z.ZodRawShape = stages ? { ...takes, max_rounds } : takes;
  return {
    ...{ title: name, description, inputSchema, outputSchema: answers },
    // a call asks models, but changes nothing on the caller's side
    annotations: { readOnlyHint: true, openWorldHint: true },
  };
}

/** Runs the swarm and waits for its answer. A failure is returned as the tool's result, so that the calling model can read it. */
export async function callTool(services: Services, call: ToolCall): Promise<CallToolResult> {
  try {
    return await runOnce(services, call, toOrder(call));
  } catch (error) {
    const { code, message: text } = toApiError(error);
    return { isError: true, content: [{ type: 'text', text: `${code}: ${text}` }] };
  }
}

async function runOnce(services: Services, call: ToolCall, order: Order): Promise<CallToolResult> {
  const abandoned = await findAbandonedRun(services, order);
  const run = services.runs.prepare(order);
  const runId = abandoned ?? run.run_id;
  const held = await holdCall(services, call.client, call.extra.requestId, order, runId);
  const following = followProgress(services, runId, call.extra);
  let goesOn = false;
  try {
    if (!abandoned) await services.runs.start(order, run);
    // the cancellation arrived before there was a run to cancel
    if (await held.isCancelled()) await services.cancelRun(runId);
    return toResult(await waitForAnswer(services, call, runId, held.withdrawn));
  } catch (error) {
    goesOn = GOES_ON.includes(toApiError(error).code);
    throw error;
  } finally {
    await following.stop();
    const isAwaited = await (goesOn ? held.abandon() : held.close());
    if (!isAwaited) await call.withdraw();
  }
}

/** Errors after which the run continues, or may continue. */
const GOES_ON: FailureCode[] = ['RUN_NOT_ENDED', 'INTERRUPTED', 'TEMPORAL_UNAVAILABLE'];

/**
 * Throws {@link ApiError} `RUN_NOT_ENDED` before a caller without progress notifications times out, and when the caller has left or given
 * up.
 */
async function waitForAnswer(
  services: Services,
  { extra }: ToolCall,
  runId: string,
  withdrawn: AbortSignal,
): Promise<RunResult> {
  const stopping = AbortSignal.any([services.stopping, extra.signal, withdrawn]);
  const hearsProgress = extra._meta?.progressToken !== undefined;
  const limitMs = hearsProgress ? LONGEST_WAIT_MS : services.toolWaitMs;
  const result = await waitForResult({ runs: services.runs, stopping }, runId, limitMs);
  if (result) return result;
  if (services.stopping.aborted) throw interrupted(runId);
  const advice = 'Call this tool again with the same arguments to wait for its answer: that starts no other run.';
  throw new ApiError('RUN_NOT_ENDED', `The run ${runId} has not ended. ${advice} (Its address is GET /runs/${runId}.)`);
}

function toOrder({ swarm, client, input }: ToolCall): Order {
  const { max_rounds: rounds, session_id: session, ...rest } = input;
  const { tenant } = client;
  return { ...rest, tenant, session_id: session || undefined, swarm_id: swarm.id, max_rounds: rounds ?? 1 };
}

function toResult(result: RunResult): CallToolResult {
  const reply = toReply(result);
  return {
    content: reply.responses.map((text) => ({ type: 'text', text })),
    structuredContent: {
      run_id: reply.run_id,
      session_id: reply.session_id,
      responses: reply.responses,
      usage: reply.usage,
      cost_usd: reply.cost_usd,
    },
  };
}
