/**
 * `GET /v1/models` and `POST /v1/chat/completions`: swarms as models for clients of OpenAI's API. As with any model, a disconnect cancels
 * the run, unless an `Idempotency-Key` says that the caller may come back.
 */
import type { Context } from 'koa';
import { z } from 'zod';
import type { RunScope } from '../../../contract';
import { chatCompletion, openAiModel, openAiModels } from '../../../contract/client-replies';
import { COORDINATION } from '../../../contract/compositions';
import { acceptedReply } from '../../../contract/replies';
import { onClosing } from '../../closing';
import { ApiError } from '../../errors';
import { defineRoute, type PreparedReply, type PrepareReply } from '../../routing/define-route';
import { replayHeaders, runAddress, runningRun } from '../../routing/run-replies';
import type { Services } from '../../services';
import { waitForResult, waitLimit, waitToTheEnd } from '../../wait';
import { makeChatCompletion, describeModel, makeIdentity } from './reply';
import { chatRequest, toOrder } from './request';
import { streamChunks } from './stream';

const openAi = { tag: "For OpenAI's clients", errorShape: 'OpenAiError' } as const;

const listRoute = defineRoute({
  ...openAi,
  method: 'get',
  path: '/v1/models',
  summary: 'The swarms as models',
  replies: { 200: { description: 'All of them.', schema: openAiModels } },
  handle({ reply, services }) {
    return reply(200, { object: 'list', data: listSwarms(services).map(describeModel) });
  },
});

const modelRoute = defineRoute({
  ...openAi,
  method: 'get',
  path: '/v1/models/{id}',
  summary: 'One swarm as a model',
  params: z.object({ id: z.string().describe('The id of the swarm.') }),
  replies: { 200: { description: 'The swarm of that id.', schema: openAiModel } },
  errors: [404],
  handle({ reply, params: { id }, services }) {
    return reply(200, describeModel(findSwarm(services, id)));
  },
});

const chatReplies = {
  200: { description: 'The answer; with `stream: true` its chunks.', schema: chatCompletion, events: 'ChatChunk' },
  202: { description: 'The run goes on: it took longer than the caller waits.', schema: acceptedReply },
} as const;

const chatRoute = defineRoute({
  ...openAi,
  method: 'post',
  path: '/v1/chat/completions',
  summary: 'Run a swarm as one asks a model',
  body: chatRequest,
  replies: chatReplies,
  errors: [402, 404, 409, 413, 422, 502],
  acceptsIdempotencyKey: true,
  async handle({ reply, body: request, ctx, services }) {
    const swarm = findSwarm(services, request.model);
    const order = toOrder(ctx, request);
    const started = await services.runs.start(order, services.runs.prepare(order));
    const { replayed: _replayed, ...scope } = started;
    ctx.set({ ...replayHeaders(started), 'X-Run-Id': scope.run_id });
    const hangUp = () => {
      // a process that shuts down closes its connections itself: the run continues
      if (order.idempotencyKey || services.stopping.aborted) return;
      services.cancelRun(scope.run_id).catch((error: unknown) => ctx.app.emit('error', error));
    };
    // the caller may have disconnected while the run was being started
    if (ctx.res.closed) {
      hangUp();
      return undefined;
    }
    if (!request.stream) return answer(ctx, services, scope, { hangUp, waitMs: waitLimit(ctx, request.wait), reply });
    const withUsage = Boolean(request.stream_options?.include_usage);
    streamChunks(ctx, services, { scope, swarm, withUsage, onHangUp: hangUp });
    return undefined;
  },
});

export const openAiRoutes = [listRoute, modelRoute, chatRoute];

function listSwarms({ swarms }: Services) {
  return [...swarms.all(), COORDINATION];
}

function findSwarm(services: Services, id: string) {
  const found = listSwarms(services).find((swarm) => swarm.id === id);
  if (found) return found;
  throw new ApiError('UNKNOWN_SWARM', `model: there is no swarm "${id}"; GET /v1/models lists them.`);
}

interface Waiting {
  hangUp: () => void;
  waitMs: number | undefined;
  reply: PrepareReply<typeof chatReplies>;
}

/** A caller who limits the wait fetches the result later, so a disconnect cancels nothing. */
async function answer(
  ctx: Context,
  services: Services,
  scope: RunScope,
  { hangUp, waitMs, reply }: Waiting,
): Promise<PreparedReply> {
  const stay = onClosing(ctx.res, hangUp);
  try {
    const { run_id } = scope;
    const result = await (waitMs === undefined
      ? waitToTheEnd(services, run_id)
      : waitForResult(services, run_id, waitMs));
    return result
      ? reply(200, makeChatCompletion(makeIdentity(scope), result))
      : reply(202, runningRun(scope), { Location: runAddress(run_id) });
  } finally {
    stay();
  }
}
