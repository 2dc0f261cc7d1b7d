/** Schemas of the frames that Server-Sent Events, long polls and WebSockets send. */
import { z } from 'zod';
import { runEvent } from './events';
import { errorReply } from './replies';
import { runScope } from './shapes';

/** An event in a stream: all fields of the event, and the fields that a simple client needs. */
const eventFrame = z.looseObject({
  event: z.enum(runEvent.options.map(({ shape }) => shape.type.value) as [string, ...string[]]),
  content: z
    .string()
    .describe('The new text of a turn; on some events a line for clients that read the text alone; else empty.'),
  done: z.boolean().describe('True on the last event of the run.'),
  cursor: z.string().describe('The place after which a reader that has this goes on.'),
  ...runScope.shape,
  at: z.number(),
});
export const resetFrame = z.object({
  event: z.literal('run.reset').describe('Drop what you know of the run: all of it follows.'),
  content: z.string(),
  done: z.literal(false),
  ...runScope.shape,
  cursor: z.string(),
});
export const cancelFrame = z.object({
  event: z.literal('cancel.accepted').describe('Over WebSocket: what became of the request to cancel a run.'),
  ...{ content: z.literal(''), done: z.literal(false), ...runScope.shape },
  accepted: z.boolean().describe('False where the run had already ended.'),
});
const errorFrame = z.looseObject({
  event: z.literal('error'),
  content: z.string().describe('Where `done` is true, the failure for clients that read the text alone; else empty.'),
  done: z
    .boolean()
    .describe('True where the run that the client asked for will not come; false where other frames go on.'),
  ...errorReply.shape,
  ...runScope.partial().shape,
});
export const pongFrame = z.object({
  event: z.literal('pong').describe('Over WebSocket: the answer to a ping.'),
  ...{ type: z.literal('pong'), content: z.literal(''), done: z.literal(false) },
  id: z.unknown().optional().describe('That of the ping.'),
  timestamp: z.unknown().optional().describe('That of the ping.'),
});
export const listeningFrame = z.object({
  event: z.literal('listening').describe('Over WebSocket: whether the client hears all runs of its key.'),
  ...{ content: z.literal(''), done: z.literal(false) },
  listening: z.boolean(),
});
export const frame = z.union([eventFrame, resetFrame, cancelFrame, errorFrame, pongFrame, listeningFrame]);
/** The reply to one request of a long poll. Repeat the request with `cursor` until `done`. */
export const eventPage = z.object({ frames: z.array(frame), cursor: z.string(), done: z.boolean() });
export type EventPage = z.infer<typeof eventPage>;
