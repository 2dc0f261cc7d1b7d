/** `GET /runs/{id}/events`: streams a run's events from a cursor to the end, or with `wait` returns the next ones as JSON. */
import { eventPage } from '../../contract/frame-replies';
import { eventsQuery } from '../../contract/requests';
import { BEGINNING } from '../../redis/events';
import { nextEvents } from '../long-poll';
import type { FrameSink } from '../relay';
import { defineRoute } from '../routing/define-route';
import { runParams } from './params';

export const eventsRoute = defineRoute({
  method: 'get',
  path: '/runs/{id}/events',
  tag: 'Runs',
  summary: "A run's events from a cursor on",
  params: runParams,
  query: eventsQuery,
  queryHeaders: { after: 'Last-Event-ID' },
  replies: {
    200: {
      description: 'Server-Sent Events; with `wait` a page of them as JSON.',
      schema: eventPage,
      events: 'Frame',
    },
    204: { description: 'There is nothing after the cursor, and nothing will come.' },
  },
  errors: [404],
  async handle({ reply, params: { id }, query: { after = BEGINNING, wait }, ctx, services: { relay, streams } }) {
    if (wait !== undefined) return reply(200, await nextEvents(relay, id, after, wait * 1000));
    const waiting = holdBack();
    const following = await relay.resume(id, after, waiting);
    // EventSource reconnects after the end of a stream; 204 stops it
    if (waiting.ended) return reply(204);
    const stream = streams.open(ctx);
    stream.onLeave(() => following.stop());
    waiting.passOn(stream);
    return undefined;
  },
});

/** Buffers frames until it is certain that there is something to stream, because a status that was sent cannot be changed. */
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
