/** `POST /runs/:id/approve`, `/reject`, `/message`, `/pause` and `/resume`: people's word to a run that is under way. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { approveRequest, messageRequest, rejectRequest } from '../../contract/steering';
import { idempotencyKeyOf } from '../idempotency';
import { parse } from '../errors';
import type { Services } from '../services';

export function addSteeringRoutes(router: Router, { steer }: Services): void {
  const idOf = (ctx: Context) => String(ctx.params.id);
  const reply = (ctx: Context, answer: object) => void (ctx.body = { run_id: idOf(ctx), ...answer });

  router.post('/runs/:id/approve', async (ctx) => {
    const said = parse(approveRequest, ctx.request.body ?? {});
    reply(ctx, await steer(idOf(ctx), 'approve', said, idempotencyKeyOf(ctx)));
  });

  router.post('/runs/:id/reject', async (ctx) => {
    const said = parse(rejectRequest, ctx.request.body ?? {});
    reply(ctx, await steer(idOf(ctx), 'reject', said, idempotencyKeyOf(ctx)));
  });

  router.post('/runs/:id/message', async (ctx) => {
    const said = parse(messageRequest, ctx.request.body ?? {});
    reply(ctx, await steer(idOf(ctx), 'message', said, idempotencyKeyOf(ctx)));
  });

  router.post('/runs/:id/pause', async (ctx) => {
    reply(ctx, await steer(idOf(ctx), 'pause', {}, idempotencyKeyOf(ctx)));
  });

  router.post('/runs/:id/resume', async (ctx) => {
    reply(ctx, await steer(idOf(ctx), 'resume', {}, idempotencyKeyOf(ctx)));
  });
}
