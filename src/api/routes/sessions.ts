/** `/sessions/{id}`: reads the memory of a conversation and the part that the next run would see, and deletes it. */
import { SESSION_ID_LIMIT } from '../../contract/names';
import { sessionIdText } from '../../contract/requests';
import { sessionReply } from '../../contract/service-replies';
import { ApiError } from '../errors';
import { defineRoute } from '../routing/define-route';
import { sessionParams } from './params';

const readRoute = defineRoute({
  method: 'get',
  path: '/sessions/{id}',
  tag: 'Sessions',
  summary: 'What a conversation remembers',
  params: sessionParams,
  replies: {
    200: { description: 'Its messages, and what of them the next run sees.', schema: sessionReply },
  },
  errors: [404],
  async handle({ reply, params: { id }, services: { memory } }) {
    checkId(id);
    const session = await memory.readSession(id);
    if (!session) throw unknownSession(id);
    const { messages, summary, dropped, expiresInSeconds } = session;
    const context = await memory.getContext(id);
    const body = {
      session_id: id,
      messages,
      dropped,
      summary: summary ?? null,
      context: context.messages,
      context_summary: context.summary,
      expires_in_seconds: expiresInSeconds,
    };
    return reply(200, body);
  },
});

const deleteRoute = defineRoute({
  method: 'delete',
  path: '/sessions/{id}',
  tag: 'Sessions',
  summary: 'Forget a conversation',
  params: sessionParams,
  replies: { 204: { description: 'It is forgotten.' } },
  errors: [404],
  async handle({ reply, params: { id }, services: { memory } }) {
    checkId(id);
    if (!(await memory.deleteSession(id))) throw unknownSession(id);
    return reply(204);
  },
});

export const sessionRoutes = [readRoute, deleteRoute];

/** Throws {@link ApiError} for an invalid session id: such a session is reported as unknown, not as an invalid request. */
function checkId(id: string): void {
  if (!sessionIdText.safeParse(id).success) throw unknownSession(id.slice(0, SESSION_ID_LIMIT));
}

function unknownSession(id: string): ApiError {
  return new ApiError('UNKNOWN_SESSION', `There is no session "${id}", or it has expired.`);
}
