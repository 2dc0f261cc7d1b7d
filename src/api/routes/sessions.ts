/** `GET /sessions/:id`: what is remembered of a conversation, and what of it the next run would see. */
import type Router from '@koa/router';
import { ApiError } from '../errors';
import type { Services } from '../services';

export function addSessionRoutes(router: Router, { memory }: Services): void {
  router.get('/sessions/:id', async (ctx) => {
    const id = String(ctx.params.id);
    const session = await memory.readSession(id);
    if (!session) throw new ApiError('UNKNOWN_SESSION', `There is no session "${id}", or it has expired.`);
    const { messages, expiresInSeconds } = session;
    ctx.body = { session_id: id, messages, context: await memory.getContext(id), expires_in_seconds: expiresInSeconds };
  });
}
