/** `GET /runs`, `GET /runs/{id}` with `/prompts`, `POST /runs/{id}/fork` and `/cancel`: list, read, fork and cancel runs. */
import { emptySnapshot, foldEvent } from '../../events/fold';
import { forkRequest } from '../../contract/fork';
import * as replies from '../../contract/replies';
import type { RunView } from '../../contract/replies';
import { listRunsQuery } from '../../contract/requests';
import { summariseConclusion } from '../../events/conclusion';
import { measureHeldMs } from '../../events/held-time';
import { sumTotals } from '../../events/totals';
import type { RunSnapshot } from '../../contract';
import { readAll } from '../../redis/events';
import { readCaller } from '../idempotency';
import type { RecordedRun } from '../descriptions';
import { toReply } from '../results';
import { defineRoute } from '../routing/define-route';
import { replayHeaders, runAddress, runningRun } from '../routing/run-replies';
import type { Services } from '../services';
import { describeSettled } from '../wait';
import { runParams } from './params';

const listRoute = defineRoute({
  method: 'get',
  path: '/runs',
  tag: 'Runs',
  summary: 'Runs, newest first',
  query: listRunsQuery,
  replies: { 200: { description: 'A page of runs.', schema: replies.runListReply } },
  // `forked_from` names a run
  errors: [404],
  async handle({ reply, query, services }) {
    return reply(200, await services.listRuns(query));
  },
});

const viewRoute = defineRoute({
  method: 'get',
  path: '/runs/{id}',
  tag: 'Runs',
  summary: 'One run: status, turns, result',
  params: runParams,
  replies: { 200: { description: 'The run as it is now.', schema: replies.runView } },
  errors: [404],
  async handle({ reply, params: { id }, services }) {
    return reply(200, await readRun(services, id));
  },
});

const promptsRoute = defineRoute({
  method: 'get',
  path: '/runs/{id}/prompts',
  tag: 'Runs',
  summary: 'With what each turn was asked',
  params: runParams,
  replies: { 200: { description: 'The prompts, as far as a fork may edit them.', schema: replies.promptsReply } },
  errors: [404, 409],
  async handle({ reply, params: { id }, services }) {
    return reply(200, { run_id: id, turns: await services.readPrompts(id) });
  },
});

const forkRoute = defineRoute({
  method: 'post',
  path: '/runs/{id}/fork',
  tag: 'Runs',
  summary: 'Run it again from a turn on, with a change',
  params: runParams,
  body: forkRequest,
  replies: { 202: { description: 'The new run.', schema: replies.forkReply } },
  errors: [404, 409],
  acceptsIdempotencyKey: true,
  async handle({ reply, params: { id }, body, ctx, services }) {
    const fork = await services.forkRun(id, body, readCaller(ctx));
    const headers = { Location: runAddress(fork.run_id), ...replayHeaders(fork) };
    return reply(202, { ...runningRun(fork), forked_from: fork.forked_from }, headers);
  },
});

const cancelRoute = defineRoute({
  method: 'post',
  path: '/runs/{id}/cancel',
  tag: 'Runs',
  summary: 'Stop a run, and the spending',
  params: runParams,
  replies: {
    200: { description: 'It had ended before.', schema: replies.cancelReply },
    202: { description: 'It is being cancelled.', schema: replies.cancelReply },
  },
  errors: [404],
  async handle({ reply, params: { id }, services }) {
    const { run_id, status } = await services.cancelRun(id);
    return status === 'running'
      ? reply(202, { run_id, accepted: true, status: 'cancelling' })
      : reply(200, { run_id, accepted: false, status });
  },
});

export const runRoutes = [listRoute, viewRoute, promptsRoute, forkRoute, cancelRoute];

async function readRun(services: Services, id: string): Promise<RunView> {
  const { runs } = services;
  const recorded = await describeSettled(services, id);
  const snapshot = await readSnapshot(services, id);
  const description = await services.states.describeWith(recorded, snapshot);
  const reply = description.status === 'completed' ? await runs.result(id) : undefined;
  const { failure, usage, cost_usd, ...outcome } = reply ? snapshot : await addOutcome(runs, id, description, snapshot);
  return {
    ...description,
    ...(failure ? { failure } : {}),
    ...(usage ? { usage, cost_usd } : {}),
    ...(reply ? { ...toReply(reply), status: description.status } : {}),
    // the stream has more details of a turn than the result, but is empty once it has expired
    turns:
      snapshot.turns.length > 0
        ? snapshot.turns
        : (reply ?? outcome).turns.map((turn) => ({ ...turn, status: 'completed' as const })),
    ...pickProgress(snapshot),
    paused: description.status === 'running' && snapshot.paused,
    verdict: reply ? summariseConclusion(reply.structures, reply.stages) : null,
    ...makeTemporalLink(services, id),
  };
}

/** The fields of a run's view that its events alone determine. */
function pickProgress(snapshot: RunSnapshot) {
  const { gates, guidance, checks, graph } = snapshot;
  return {
    ...{ gates, guidance, checks },
    ...(graph ? { graph } : {}),
    waited_for_people_ms: measureHeldMs(snapshot, Date.now()),
  };
}

async function readSnapshot({ history }: Services, id: string): Promise<RunSnapshot> {
  const snapshot = emptySnapshot();
  for await (const { event } of readAll(history, id)) foldEvent(snapshot, event);
  return snapshot;
}

/** The outcome of a run that did not complete. If the stream has expired, Temporal still has it, except the usage of a cancelled run. */
async function addOutcome(runs: Services['runs'], id: string, { status }: RecordedRun, snapshot: RunSnapshot) {
  if (status === 'running' || snapshot.failure) return snapshot;
  const { failure, result } = await runs.outcome(id);
  const { usage, cost_usd } = snapshot.usage || !result || status === 'cancelled' ? snapshot : sumTotals(result);
  return { failure, usage, cost_usd, turns: result?.turns ?? [] };
}

function makeTemporalLink({ temporalUiUrl, namespace }: Services, id: string): { temporal_ui?: string } {
  return temporalUiUrl
    ? { temporal_ui: `${temporalUiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(id)}` }
    : {};
}
