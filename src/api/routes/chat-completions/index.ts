/**
 * `GET /v1/models` and `POST /v1/chat/completions`: swarms for clients of OpenAI's API, each as a model. As at any model, a caller that
 * hangs up wants nothing more: the run is cancelled, unless an `Idempotency-Key` says that the caller may come back.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { RunScope } from '../../../contract';
import { COORDINATION } from '../../../contract/compositions';
import { ApiError, parse } from '../../errors';
import type { Services } from '../../services';
import { waitToTheEnd } from '../../wait';
import { completionOf, describeModel, identityOf } from './reply';
import { chatRequest, orderOf } from './request';
import { streamChunks } from './stream';

export function addOpenAiRoutes(router: Router, services: Services): void {
  const models = () => [...services.swarms.all(), COORDINATION];
  const find = (id: string) => {
    const found = models().find((swarm) => swarm.id === id);
    if (found) return found;
    throw new ApiError('UNKNOWN_SWARM', `model: there is no swarm "${id}"; GET /v1/models lists them.`);
  };

  router.get('/v1/models', (ctx) => {
    ctx.body = { object: 'list', data: models().map(describeModel) };
  });

  router.get('/v1/models/:id', (ctx) => {
    ctx.body = describeModel(find(String(ctx.params.id)));
  });

  router.post('/v1/chat/completions', async (ctx) => {
    const request = parse(chatRequest, ctx.request.body);
    const swarm = find(request.model);
    const order = orderOf(ctx, request);
    const { replayed, ...scope } = await services.runs.start(order, services.runs.prepare(order));
    if (replayed) ctx.set('Idempotency-Replayed', 'true');
    ctx.set('X-Run-Id', scope.run_id);
    const hangUp = () => {
      // a process that stops ends its connections itself: the run goes on
      if (order.idempotencyKey || services.stopping.aborted) return;
      services.cancelRun(scope.run_id).catch((error: unknown) => ctx.app.emit('error', error));
    };
    // it may have left while the run was being started
    if (ctx.res.closed) return hangUp();
    const withUsage = Boolean(request.stream_options?.include_usage);
    if (request.stream) streamChunks(ctx, services, { scope, swarm, withUsage, onHangUp: hangUp });
    else await answer(ctx, services, scope, hangUp);
  });
}

async function answer(ctx: Context, services: Services, scope: RunScope, hangUp: () => void): Promise<void> {
  ctx.res.once('close', hangUp);
  try {
    const result = await waitToTheEnd(services, scope.run_id);
    ctx.body = completionOf(identityOf(scope), result);
  } finally {
    ctx.res.off('close', hangUp);
  }
}
