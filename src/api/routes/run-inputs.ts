/** `GET /runs/{id}/request`, `/edit` and `/input`: what a run was started with, what a fork has changed, and what a turn was asked. */
import { forkEditReply, startAgainReply, turnInputQuery, turnInputReply } from '../../contract/input-replies';
import { defineRoute } from '../routing/define-route';
import { runParams } from './params';

const requestRoute = defineRoute({
  method: 'get',
  path: '/runs/{id}/request',
  tag: 'Runs',
  summary: 'The request that starts the same run again',
  params: runParams,
  replies: { 200: { description: 'Where to send which body.', schema: startAgainReply } },
  errors: [404],
  async handle({ reply, params: { id }, services }) {
    return reply(200, await services.inputs.readRequest(id));
  },
});

const editRoute = defineRoute({
  method: 'get',
  path: '/runs/{id}/edit',
  tag: 'Runs',
  summary: 'What a fork has changed',
  params: runParams,
  replies: { 200: { description: 'The change, and what it has replaced.', schema: forkEditReply } },
  errors: [404],
  async handle({ reply, params: { id }, services }) {
    return reply(200, await services.inputs.readEdit(id));
  },
});

const turnRoute = defineRoute({
  method: 'get',
  path: '/runs/{id}/input',
  tag: 'Runs',
  summary: 'What a turn was asked',
  params: runParams,
  query: turnInputQuery,
  replies: { 200: { description: 'Its messages as the model received them.', schema: turnInputReply } },
  errors: [404],
  async handle({ reply, params: { id }, query: { turn }, services }) {
    return reply(200, await services.readTurnInput(id, turn));
  },
});

export const runInputRoutes = [requestRoute, editRoute, turnRoute];
