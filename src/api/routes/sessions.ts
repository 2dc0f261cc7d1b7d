/** `/sessions/:id`: what is remembered of a conversation, what of it the next run would see, and how to have it forgotten. */
import type Router from '@koa/router';
import { ApiError } from '../errors';
import type { Services } from '../services';

export function addSessionRoutes(router: Router, { memory }: Services): void {
  router.get('/sessions/:id', async (ctx) => {
    const id = String(ctx.params.id);
    const session = await memory.readSession(id);
    if (!session) throw unknownSession(id);
    const { messages, summary, dropped, expiresInSeconds } = session;
    const context = await memory.getContext(id);
    ctx.body = {
      session_id: id,
      messages,
      dropped,
      summary: summary ?? null,
      context: context.messages,
      context_summary: context.summary,
      expires_in_seconds: expiresInSeconds,
    };
  });

  router.delete('/sessions/:id', async (ctx) => {
    const id = String(ctx.params.id);
    if (!(await memory.deleteSession(id))) throw unknownSession(id);
    ctx.status = 204;
  });
}

function unknownSession(id: string): ApiError {
  return new ApiError('UNKNOWN_SESSION', `There is no session "${id}", or it has expired.`);
}
