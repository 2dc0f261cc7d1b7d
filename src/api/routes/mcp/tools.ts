/** A swarm as a tool: what it takes, what it answers, and how far it has come meanwhile. */
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { CallToolResult, ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { RunResult, SwarmDefinition } from '../../../contract';
import { runReply } from '../../../contract/replies';
import { coordinateRequest } from '../../../contract/requests';
import { toApiError } from '../../errors';
import { toReply } from '../../outcomes';
import type { Order } from '../../orders';
import type { Services } from '../../services';
import { waitToTheEnd } from '../../wait';
import { followProgress } from './progress';

const { message, temperature, max_tokens, budget_usd, budget_tokens, max_rounds } = coordinateRequest.shape;
/** A tool's schema says what comes in: a transformed field would be told as it goes out. */
const session_id = z
  .string()
  .optional()
  .describe('A conversation that spans calls: its later calls remember the earlier ones.');
const takes = { message, session_id, temperature, max_tokens, budget_usd, budget_tokens };
const { run_id, responses, usage, cost_usd } = runReply.shape;
const answers = { run_id, session_id: runReply.shape.session_id, responses, usage, cost_usd };

/** What a tool was called with, once it has passed its schema. */
export type Input = z.infer<z.ZodObject<typeof takes>> & { max_rounds?: number };
export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** A call of a tool: by whom, and how it is answered. */
export interface Call {
  swarm: SwarmDefinition;
  tenant: string | undefined;
  input: Input;
  extra: Extra;
}

export function toolOf({ name, description, stages }: SwarmDefinition) {
  const inputSchema: z.ZodRawShape = stages ? { ...takes, max_rounds } : takes;
  return {
    ...{ title: name, description, inputSchema, outputSchema: answers },
    // it asks models, and changes nothing of the caller's
    annotations: { readOnlyHint: true, openWorldHint: true },
  };
}

/** Runs the swarm and waits for its answer. What fails is told as the tool's result, so that the model that called it can read it. */
export async function callTool(services: Services, call: Call): Promise<CallToolResult> {
  try {
    const order = orderOf(call);
    const run = services.runs.prepare(order);
    const following = followProgress(services, run.run_id, call.extra);
    try {
      await services.runs.start(order, run);
      return toResult(await waitToTheEnd(services, run.run_id));
    } finally {
      await following.stop();
    }
  } catch (error) {
    const { code, message: text } = toApiError(error);
    return { isError: true, content: [{ type: 'text', text: `${code}: ${text}` }] };
  }
}

function orderOf({ swarm, tenant, input }: Call): Order {
  const { max_rounds: rounds, session_id: session, ...rest } = input;
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
