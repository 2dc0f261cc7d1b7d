/** `POST /runs/{id}/approve`, `/reject`, `/message`, `/pause` and `/resume`: people steer a running run. */
import * as replies from '../../contract/replies';
import { approveRequest, messageRequest, rejectRequest } from '../../contract/steering';
import { readIdempotencyKey } from '../idempotency';
import { defineRoute } from '../routing/define-route';
import { runParams } from './params';

const steering = {
  method: 'post',
  tag: 'People in the loop',
  params: runParams,
  errors: [404, 409],
  acceptsIdempotencyKey: true,
} as const;

const decided = { 200: { description: 'What was decided.', schema: replies.gateReply } };
const changed = { 200: { description: 'Whether this changed anything.', schema: replies.pauseReply } };

const approveRoute = defineRoute({
  ...steering,
  path: '/runs/{id}/approve',
  summary: 'Say yes at a gate',
  body: approveRequest,
  replies: decided,
  async handle({ reply, params: { id }, body, ctx, services }) {
    const decision = await services.steer(id, 'approve', body, readIdempotencyKey(ctx));
    return reply(200, { run_id: id, ...decision });
  },
});

const rejectRoute = defineRoute({
  ...steering,
  path: '/runs/{id}/reject',
  summary: 'Say no at a gate, and why',
  body: rejectRequest,
  replies: decided,
  async handle({ reply, params: { id }, body, ctx, services }) {
    const decision = await services.steer(id, 'reject', body, readIdempotencyKey(ctx));
    return reply(200, { run_id: id, ...decision });
  },
});

const messageRoute = defineRoute({
  ...steering,
  path: '/runs/{id}/message',
  summary: 'Guidance for the turns to come',
  body: messageRequest,
  replies: { 200: { description: 'The turns that were stopped for it.', schema: replies.guidanceReply } },
  async handle({ reply, params: { id }, body, ctx, services }) {
    const answer = await services.steer(id, 'message', body, readIdempotencyKey(ctx));
    return reply(200, { run_id: id, ...answer });
  },
});

const pauseRoute = defineRoute({
  ...steering,
  path: '/runs/{id}/pause',
  summary: 'Hold back new turns',
  replies: changed,
  async handle({ reply, params: { id }, ctx, services }) {
    const answer = await services.steer(id, 'pause', {}, readIdempotencyKey(ctx));
    return reply(200, { run_id: id, ...answer });
  },
});

const resumeRoute = defineRoute({
  ...steering,
  path: '/runs/{id}/resume',
  summary: 'Let them go on',
  replies: changed,
  async handle({ reply, params: { id }, ctx, services }) {
    const answer = await services.steer(id, 'resume', {}, readIdempotencyKey(ctx));
    return reply(200, { run_id: id, ...answer });
  },
});

export const steeringRoutes = [approveRoute, rejectRoute, messageRoute, pauseRoute, resumeRoute];
