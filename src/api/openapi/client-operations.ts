/** The routes for clients of other APIs, as data: OpenAI's, the Model Context Protocol, and earlier services of this kind. */
import { z } from 'zod';
import * as replies from '../../contract/client-replies';
import { acceptedReply } from '../../contract/replies';
import { chatRequest } from '../routes/chat-completions/request';
import { teamRequest, workflowBody } from '../routes/compat/requests';
import type { Operation } from './operations';

const openAi = { tag: "For OpenAI's clients", error: 'OpenAiError' } as const;
const earlier = { tag: 'For earlier clients' } as const;

const message = z.looseObject({ jsonrpc: z.literal('2.0') });
const unknown = { says: 'There is no such thing.', schema: replies.notFoundReply };
const run = {
  ...earlier,
  method: 'post',
  replies: {
    200: {
      says: 'The run in phases; with `stream: false` the answer.',
      schema: replies.teamReply,
      events: 'TeamFrame',
    },
    202: { says: 'The run goes on: it took longer than the caller waits.', schema: acceptedReply },
    404: unknown,
  },
  ...{ errors: [402, 409, 413, 422, 502], repeatable: true },
} as const;

export const CLIENT_OPERATIONS: readonly Operation[] = [
  {
    ...{ ...openAi, method: 'get', path: '/v1/models', summary: 'The swarms as models' },
    replies: { 200: { says: 'All of them.', schema: replies.openAiModels } },
  },
  {
    ...{ ...openAi, method: 'get', path: '/v1/models/{id}', summary: 'One swarm as a model', errors: [404] },
    replies: { 200: { says: 'The swarm of that id.', schema: replies.openAiModel } },
  },
  {
    ...{ ...openAi, method: 'post', path: '/v1/chat/completions', summary: 'Run a swarm as one asks a model' },
    body: chatRequest,
    replies: {
      200: { says: 'The answer; with `stream: true` its chunks.', schema: replies.chatCompletion, events: 'ChatChunk' },
    },
    ...{ errors: [402, 404, 409, 413, 422, 502], repeatable: true },
  },
  {
    ...{
      method: 'post',
      path: '/mcp',
      tag: 'For tool callers',
      summary: 'The Model Context Protocol, streamable HTTP',
    },
    body: message,
    replies: {
      200: { says: 'Messages of the protocol: each swarm is a tool.', media: 'text/event-stream' },
      202: { says: 'A notification was taken.' },
      406: { says: 'The caller does not accept event streams: an error of the protocol.', schema: message },
    },
  },
  {
    ...{ ...earlier, method: 'get', path: '/teams', summary: 'The swarms as teams' },
    replies: { 200: { says: 'All of them.', schema: replies.teamList } },
  },
  {
    ...{ ...earlier, method: 'get', path: '/agents', summary: 'The same list' },
    replies: { 200: { says: 'All of them.', schema: replies.teamList } },
  },
  {
    ...{ ...earlier, method: 'get', path: '/teams/{id}', summary: 'One team, also under its earlier names' },
    replies: { 200: { says: 'The team.', schema: replies.team }, 404: unknown },
  },
  {
    ...{ ...earlier, method: 'get', path: '/workflows', summary: 'The swarms as workflows' },
    replies: { 200: { says: 'All of them.', schema: replies.workflowList } },
  },
  { ...run, path: '/teams/run', summary: 'Run a team; it streams unless `stream` is false', body: teamRequest },
  { ...run, path: '/workflows/run', summary: 'The same for a workflow', body: workflowBody },
  {
    ...{ ...earlier, method: 'get', path: '/models', summary: 'The models that workers can reach' },
    replies: { 200: { says: 'As the workers report them.', schema: replies.modelsReply } },
  },
  {
    ...{ ...earlier, method: 'get', path: '/stats', summary: 'What was counted' },
    replies: { 200: { says: 'Over all workers; streams and uptime of this process.', schema: replies.statsReply } },
  },
  {
    ...{ ...earlier, method: 'get', path: '/mcp/swarm-status', summary: 'Which swarms are at work' },
    replies: { 200: { says: 'As the workers report them.', schema: replies.swarmStatusReply } },
  },
  {
    ...{ ...earlier, method: 'get', path: '/health', summary: '`/healthz` in their words' },
    replies: {
      200: { says: 'A run that starts now would be carried out.', schema: replies.earlierHealthReply },
      503: { says: 'It would not; `systems` says why.', schema: replies.earlierHealthReply },
    },
  },
];
