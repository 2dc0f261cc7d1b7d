/** `GET /runs`, `GET /runs/:id`, `/events` and `/prompts` of it, `POST /runs/:id/fork` and `/cancel`: finding, reading, watching, varying and stopping runs. */
import type Router from '@koa/router';
import { forkRequest } from '../../contract/fork';
import { emptySnapshot, foldEvent } from '../../contract/fold';
import { eventsQuery, listRunsQuery } from '../../contract/requests';
import { totalsOf } from '../../contract/totals';
import type { RunSnapshot } from '../../contract';
import { BEGINNING, readAll } from '../../redis/events';
import type { RunDescription } from '../descriptions';
import { parse } from '../errors';
import { callerOf } from '../idempotency';
import { nextEvents } from '../long-poll';
import { toReply } from '../outcomes';
import type { FrameSink } from '../relay';
import type { Services } from '../services';
import { describeSettled } from '../wait';

export function addRunRoutes(router: Router, services: Services): void {
  const { runs, history } = services;

  router.get('/runs', async (ctx) => {
    ctx.body = await services.listRuns(parse(listRunsQuery, ctx.query));
  });

  router.get('/runs/:id', async (ctx) => {
    const id = String(ctx.params.id);
    const description = await describeSettled(services, id);
    const snapshot = await readSnapshot(id);
    const reply = description.status === 'completed' ? await runs.result(id) : undefined;
    const { failure, usage, cost_usd, ...outcome } = reply ? snapshot : await endOf(runs, id, description, snapshot);
    ctx.body = {
      ...description,
      ...(failure ? { failure } : {}),
      ...(usage ? { usage, cost_usd } : {}),
      ...(reply ? { ...toReply(reply), status: description.status } : {}),
      // the stream knows more of a turn than the result, and nothing once it has expired
      turns:
        snapshot.turns.length > 0
          ? snapshot.turns
          : (reply ?? outcome).turns.map((turn) => ({ ...turn, status: 'completed' })),
      paused: description.status === 'running' && snapshot.paused,
      gates: snapshot.gates,
      guidance: snapshot.guidance,
      checks: snapshot.checks,
      ...linkOf(services, id),
    };
  });

  addEventRoute(router, services);

  router.get('/runs/:id/prompts', async (ctx) => {
    const id = String(ctx.params.id);
    ctx.body = { run_id: id, turns: await services.readPrompts(id) };
  });

  router.post('/runs/:id/fork', async (ctx) => {
    const request = parse(forkRequest, ctx.request.body ?? {});
    const { replayed, ...fork } = await services.forkRun(String(ctx.params.id), request, callerOf(ctx));
    if (replayed) ctx.set('Idempotency-Replayed', 'true');
    const address = `/runs/${encodeURIComponent(fork.run_id)}`;
    ctx.set('Location', address);
    ctx.status = 202;
    ctx.body = { ...fork, status: 'running', events: `${address}/events` };
  });

  router.post('/runs/:id/cancel', async (ctx) => {
    const { run_id, status } = await services.cancelRun(String(ctx.params.id));
    const accepted = status === 'running';
    ctx.status = accepted ? 202 : 200;
    ctx.body = { run_id, accepted, status: accepted ? 'cancelling' : status };
  });

  async function readSnapshot(id: string): Promise<RunSnapshot> {
    const snapshot = emptySnapshot();
    for await (const { event } of readAll(history, id)) foldEvent(snapshot, event);
    return snapshot;
  }
}

/** How a run ended that did not complete; where the stream has expired, Temporal still knows, but not what a cancelled one has used. */
async function endOf(runs: Services['runs'], id: string, { status }: RunDescription, snapshot: RunSnapshot) {
  if (status === 'running' || snapshot.failure) return snapshot;
  const { failure, result } = await runs.outcome(id);
  const { usage, cost_usd } = snapshot.usage || !result || status === 'cancelled' ? snapshot : totalsOf(result);
  return { failure, usage, cost_usd, turns: result?.turns ?? [] };
}

/** A stream of events from a cursor to the end, or with `wait` the next of them as JSON. */
function addEventRoute(router: Router, { relay, streams }: Services): void {
  router.get('/runs/:id/events', async (ctx) => {
    const id = String(ctx.params.id);
    const lastEventId = ctx.get('Last-Event-ID');
    const query = parse(eventsQuery, { ...ctx.query, ...(lastEventId ? { after: lastEventId } : {}) });
    const { after = BEGINNING, wait } = query;
    if (wait !== undefined) {
      ctx.body = await nextEvents(relay, id, after, wait * 1000);
      return;
    }
    const waiting = holdBack();
    const following = await relay.resume(id, after, waiting);
    // EventSource reconnects after the end; 204 is the answer that stops it
    if (waiting.ended) {
      ctx.status = 204;
      return;
    }
    const stream = streams.open(ctx);
    stream.onLeave(() => following.stop());
    waiting.passOn(stream);
  });
}

/** Holds frames until it is known that there is something to stream, because a status cannot be taken back. */
function holdBack() {
  const held: Parameters<FrameSink['frame']>[] = [];
  let target: FrameSink | undefined;
  const sink = {
    ended: false,
    frame(...frame: Parameters<FrameSink['frame']>) {
      if (target) target.frame(...frame);
      else held.push(frame);
    },
    end() {
      sink.ended = held.length === 0 && !target;
      finished = true;
      target?.end();
    },
    passOn(stream: FrameSink) {
      target = stream;
      held.forEach((frame) => stream.frame(...frame));
      if (finished) stream.end();
    },
  };
  let finished = false;
  return sink;
}

function linkOf({ temporalUiUrl, namespace }: Services, id: string): object {
  return temporalUiUrl
    ? { temporal_ui: `${temporalUiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(id)}` }
    : {};
}
