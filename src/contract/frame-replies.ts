/** What streams send, as schemas: Server-Sent Events, long polls and WebSockets alike. */
import { z } from 'zod';
import { runEvent } from './events';
import { errorReply, scope } from './replies';

/** An event as a stream sends it: all fields of the event, and what the simplest client needs. */
const eventFrame = z.looseObject({
  event: z.enum(runEvent.options.map(({ shape }) => shape.type.value) as [string, ...string[]]),
  content: z.string().describe('The new text of a turn; empty on all other events.'),
  done: z.boolean().describe('True on the last event of the run.'),
  cursor: z.string().describe('The place after which a reader that has this goes on.'),
  ...scope,
  at: z.number(),
});
const resetFrame = z.object({
  event: z.literal('run.reset').describe('Drop what you know of the run: all of it follows.'),
  content: z.string(),
  done: z.literal(false),
  ...scope,
  cursor: z.string(),
});
const cancelFrame = z.object({
  event: z.literal('cancel.accepted').describe('Over WebSocket: what became of the request to cancel a run.'),
  ...{ content: z.literal(''), done: z.literal(false), ...scope },
  accepted: z.boolean().describe('False where the run had already ended.'),
});
const errorFrame = z.looseObject({
  ...{ event: z.literal('error'), content: z.literal(''), done: z.literal(true) },
  ...errorReply.shape,
  ...z.object(scope).partial().shape,
});
export const frame = z.union([eventFrame, resetFrame, cancelFrame, errorFrame]);
export const eventPage = z.object({ frames: z.array(frame), cursor: z.string(), done: z.boolean() });
