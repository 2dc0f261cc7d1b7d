/** The routes of the API as data: what each takes, what it answers, and why one would call it. */
import { z } from 'zod';
import { forkRequest } from '../../contract/fork';
import { gatewaysReply } from '../../contract/gateways';
import { eventPage } from '../../contract/frame-replies';
import * as replies from '../../contract/replies';
import * as requests from '../../contract/requests';
import * as service from '../../contract/service-replies';
import * as steering from '../../contract/steering';

export type Tag =
  | 'Start'
  | 'Runs'
  | 'People in the loop'
  | 'Sessions'
  | 'Service'
  | "For OpenAI's clients"
  | 'For tool callers'
  | 'For earlier clients';

/** Frames of a stream, and errors of other APIs: schemas that the document has by name. */
export type FrameName = 'Frame' | 'TeamFrame' | 'ChatChunk';
export type ErrorName = 'Error' | 'OpenAiError';

/** A reply: a schema, or a media type of text, or both; `events` names the frames that come when the caller asks for a stream. */
export type Reply = { says: string; schema?: z.ZodType; media?: string; events?: FrameName };

export interface Operation {
  method: 'get' | 'post' | 'delete';
  path: string;
  tag: Tag;
  summary: string;
  query?: z.ZodObject;
  body?: z.ZodType;
  replies: Record<number, Reply>;
  /** Codes of the errors that belong to this route; those of every route are added. */
  errors?: readonly number[];
  /** The shape of its errors; `Error` where nothing is said. */
  error?: ErrorName;
  /** Whether `Idempotency-Key` makes a repeated request the same one. */
  repeatable?: boolean;
}

const anything = z.looseObject({});
const started: Operation['replies'] = {
  200: {
    says: 'The answer; with `stream: true` the run as Server-Sent Events.',
    schema: replies.runReply,
    events: 'Frame',
  },
  202: {
    says: 'The run goes on: `wait: false`, `Prefer: respond-async`, or it took longer.',
    schema: replies.acceptedReply,
  },
};
const start = {
  method: 'post',
  tag: 'Start',
  replies: started,
  errors: [402, 404, 409, 413, 422, 502],
  repeatable: true,
} as const;
const said = { method: 'post', tag: 'People in the loop', errors: [404, 409], repeatable: true } as const;

export const OPERATIONS: readonly Operation[] = [
  { ...start, path: '/swarm/execute', summary: 'Run one swarm', body: requests.executeRequest },
  { ...start, path: '/swarm/coordinate', summary: 'Plan, implement, review', body: requests.coordinateRequest },
  { ...start, path: '/swarms/multi', summary: 'Several swarms on one message', body: requests.multiRequest },
  {
    ...{ method: 'get', path: '/swarms', tag: 'Start', summary: 'The swarms and their roles' },
    replies: { 200: { says: 'All swarms, without their prompts.', schema: service.swarmList } },
  },
  {
    ...{ method: 'get', path: '/swarms/schema.json', tag: 'Start', summary: 'JSON Schema of a file of swarms' },
    replies: { 200: { says: 'For editors; it needs no key.', schema: anything, media: 'application/schema+json' } },
  },
  {
    ...{ method: 'get', path: '/runs', tag: 'Runs', summary: 'Runs, newest first' },
    query: requests.listRunsQuery,
    replies: { 200: { says: 'A page of runs.', schema: replies.runListReply } },
  },
  {
    ...{ method: 'get', path: '/runs/{id}', tag: 'Runs', summary: 'One run: status, turns, result', errors: [404] },
    replies: { 200: { says: 'The run as it is now.', schema: replies.runView } },
  },
  {
    ...{ method: 'get', path: '/runs/{id}/events', tag: 'Runs', summary: "A run's events from a cursor on" },
    query: requests.eventsQuery,
    replies: {
      200: {
        says: 'Server-Sent Events; with `wait` a page of them as JSON.',
        schema: eventPage,
        events: 'Frame',
      },
      204: { says: 'There is nothing after the cursor, and nothing will come.' },
    },
    errors: [404],
  },
  {
    ...{
      method: 'get',
      path: '/runs/{id}/prompts',
      tag: 'Runs',
      summary: 'With what each turn was asked',
      errors: [404, 409],
    },
    replies: { 200: { says: 'The prompts, as far as a fork may edit them.', schema: replies.promptsReply } },
  },
  {
    ...{
      method: 'post',
      path: '/runs/{id}/cancel',
      tag: 'Runs',
      summary: 'Stop a run, and the spending',
      errors: [404],
    },
    replies: {
      200: { says: 'It had ended before.', schema: replies.cancelReply },
      202: { says: 'It is being cancelled.', schema: replies.cancelReply },
    },
  },
  {
    ...{ method: 'post', path: '/runs/{id}/fork', tag: 'Runs', summary: 'Run it again from a turn on, with a change' },
    body: forkRequest,
    replies: { 202: { says: 'The new run.', schema: replies.forkReply } },
    ...{ errors: [404, 409], repeatable: true },
  },
  {
    ...{ ...said, path: '/runs/{id}/approve', summary: 'Say yes at a gate', body: steering.approveRequest },
    replies: { 200: { says: 'What was decided.', schema: replies.gateReply } },
  },
  {
    ...{ ...said, path: '/runs/{id}/reject', summary: 'Say no at a gate, and why', body: steering.rejectRequest },
    replies: { 200: { says: 'What was decided.', schema: replies.gateReply } },
  },
  {
    ...{
      ...said,
      path: '/runs/{id}/message',
      summary: 'Guidance for the turns to come',
      body: steering.messageRequest,
    },
    replies: { 200: { says: 'The turns that were stopped for it.', schema: replies.guidanceReply } },
  },
  {
    ...{ ...said, path: '/runs/{id}/pause', summary: 'Hold back new turns' },
    replies: { 200: { says: 'Whether this changed anything.', schema: replies.pauseReply } },
  },
  {
    ...{ ...said, path: '/runs/{id}/resume', summary: 'Let them go on' },
    replies: { 200: { says: 'Whether this changed anything.', schema: replies.pauseReply } },
  },
  {
    ...{
      method: 'get',
      path: '/sessions/{id}',
      tag: 'Sessions',
      summary: 'What a conversation remembers',
      errors: [404],
    },
    replies: { 200: { says: 'Its messages, and what of them the next run sees.', schema: service.sessionReply } },
  },
  {
    ...{ method: 'delete', path: '/sessions/{id}', tag: 'Sessions', summary: 'Forget a conversation', errors: [404] },
    replies: { 204: { says: 'It is forgotten.' } },
  },
  {
    ...{
      method: 'get',
      path: '/healthz',
      tag: 'Service',
      summary: 'Whether a run that starts now would be carried out',
    },
    replies: {
      200: { says: 'It would.', schema: service.healthReply },
      503: { says: 'It would not; `systems` says why.', schema: service.healthReply },
    },
  },
  {
    ...{ method: 'get', path: '/readyz', tag: 'Service', summary: 'Whether this process takes requests' },
    replies: {
      200: { says: 'It does.', schema: service.readyReply },
      503: { says: 'It does not.', schema: service.readyReply },
    },
  },
  {
    ...{ method: 'get', path: '/metrics', tag: 'Service', summary: 'For Prometheus' },
    replies: { 200: { says: 'Text exposition format.', media: 'text/plain' } },
  },
  {
    ...{ method: 'get', path: '/gateways', tag: 'Service', summary: 'How each gateway and each of its models is' },
    replies: { 200: { says: 'At this moment, over all workers.', schema: gatewaysReply } },
  },
  {
    ...{ method: 'get', path: '/openapi.json', tag: 'Service', summary: 'This document' },
    replies: { 200: { says: 'OpenAPI 3.1; it needs no key.', schema: anything } },
  },
  {
    ...{ method: 'get', path: '/events.schema.json', tag: 'Service', summary: "JSON Schema of a run's events" },
    replies: { 200: { says: 'What stands in its stream; it needs no key.', schema: anything } },
  },
  {
    ...{ method: 'get', path: '/docs', tag: 'Service', summary: 'This document as a page' },
    replies: { 200: { says: 'To read; it needs no key.', media: 'text/html' } },
  },
];
