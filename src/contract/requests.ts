/** What callers send: the bodies, queries and WebSocket frames of the API, parsed once where the bytes come in. Unknown fields are ignored. */
import { z } from 'zod';
import { STRATEGIES } from './compositions';
import { buildOptions } from './swarms';
import { MESSAGE_LIMIT, SESSION_ID_LIMIT, SESSION_POLICIES } from './names';

const message = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(MESSAGE_LIMIT, `must not be longer than ${MESSAGE_LIMIT} characters`);

const SESSION_ID = /^[\w.:@-]*$/;
const sessionId = z
  .string()
  .max(SESSION_ID_LIMIT)
  .regex(SESSION_ID, 'may hold letters, digits and . : @ _ - only')
  .nullish()
  .transform((id) => id || undefined);

const options = {
  temperature: z.number().min(0).max(2).nullish(),
  max_tokens: z.number().int().min(1).max(200_000).nullish(),
  approve_above_usd: z
    .number()
    .nonnegative()
    .nullish()
    .describe('Ask a person each time the run has spent so much more, US dollars.'),
  budget_usd: z.number().positive().nullish().describe('What the run may cost, US dollars.'),
  budget_tokens: z
    .number()
    .int()
    .positive()
    .nullish()
    .describe('What the run may use, tokens of prompts and answers together.'),
  drafts: buildOptions.shape.drafts
    .nullable()
    .describe(
      'How many drafts of code are written at most: two at once, and further ones where those fail or differ. Of those whose checks pass, the one with which most others agree is the answer.',
    ),
  session_policy: z
    .enum(SESSION_POLICIES)
    .nullish()
    .describe(
      'What to do while another run of the session speaks: wait (the default), be refused with 409, or cancel the other.',
    ),
  cache: z
    .enum(['ok', 'off'])
    .nullish()
    .describe('`ok`: a turn that was answered before, word for word the same, may be answered again from the cache.'),
};

/** Body of `POST /swarm/execute`. `wait: false` asks for 202 at once, as `Prefer: respond-async` does. */
export const executeRequest = z.object({
  swarm_id: z.string().min(1),
  message,
  session_id: sessionId,
  stream: z.boolean().nullish(),
  wait: z.boolean().nullish(),
  ...options,
});

/** Body of `POST /swarm/coordinate`. `max_rounds` bounds how often a review may send the code back. */
export const coordinateRequest = z.object({
  message,
  session_id: sessionId,
  stream: z.boolean().nullish(),
  wait: z.boolean().nullish(),
  max_rounds: z
    .number()
    .int()
    .min(1)
    .max(10)
    .nullish()
    .transform((rounds) => rounds ?? 1),
  /** Ask a person before the plan is implemented. */
  approve_plan: z.boolean().nullish(),
  ...options,
});
export type CoordinateRequest = z.infer<typeof coordinateRequest>;

const TEAMS_LIMIT = 10;

/** Body of `POST /swarms/multi`: several swarms on one message. */
export const multiRequest = z.object({
  message,
  teams: z
    .array(z.string().min(1))
    .min(1, 'names no swarm')
    .max(TEAMS_LIMIT)
    .refine((teams) => new Set(teams).size === teams.length, 'names a swarm twice'),
  strategy: z.enum(STRATEGIES),
  session_id: sessionId,
  stream: z.boolean().nullish(),
  wait: z.boolean().nullish(),
  ...options,
});

/** The part of a start request that the swarms have in common. */
export type StartRequest = Pick<
  CoordinateRequest,
  | 'message'
  | 'session_id'
  | 'temperature'
  | 'max_tokens'
  | 'session_policy'
  | 'approve_above_usd'
  | 'budget_usd'
  | 'budget_tokens'
  | 'cache'
  | 'drafts'
>;

const runId = z.string().min(1).max(200);
/** A place in a run's stream as events carry it, or `0` for its beginning. */
const cursor = z
  .string()
  .regex(/^(0|\d{1,16}-\d{1,16})$/, 'is not a cursor: use the cursor of a frame, or 0 for the beginning');

const cancelFrame = z.object({ cancel: runId });
const followFrame = z.object({ run_id: runId, after: cursor.nullish().transform((place) => place ?? '0') });
const startFrame = executeRequest.extend({ max_rounds: coordinateRequest.shape.max_rounds });
export type ClientFrame = z.infer<typeof cancelFrame> | z.infer<typeof followFrame> | z.infer<typeof startFrame>;

const FRAMES = [
  ['cancel', cancelFrame],
  ['run_id', followFrame],
  ['swarm_id', startFrame],
] as const;

/**
 * A frame that a client may send on `WS /ws/swarm`: start a run, follow or resume one, or cancel one. The field that it has says
 * which; a plain union would name the fields of a kind that was not meant.
 */
export const clientFrame = z.looseObject({}).transform((frame, context): ClientFrame => {
  const meant = FRAMES.find(([key]) => frame[key]) ?? FRAMES.find(([key]) => key in frame);
  const parsed = (meant?.[1] ?? startFrame).safeParse(frame);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path: [...path], message });
  return z.NEVER;
});

/** Query of `GET /runs`. */
export const listRunsQuery = z.object({
  swarm: z
    .string()
    .max(100)
    .regex(/^[\w.-]*$/)
    .optional(),
  session: z.string().max(SESSION_ID_LIMIT).regex(SESSION_ID).optional(),
  status: z.enum(['running', 'completed', 'failed', 'cancelled']).optional(),
  /** Only forks of that run. */
  forked_from: z
    .string()
    .max(200)
    .regex(/^[\w.-]*$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  page: z.string().max(4000).optional(),
});
export type ListRunsQuery = z.infer<typeof listRunsQuery>;

/** Longest wait of a long poll, seconds. */
const LONGEST_WAIT = 60;

/** Query of `GET /runs/:id/events`; with `wait`, in seconds, it is a long poll that answers with JSON. */
export const eventsQuery = z.object({
  after: cursor.optional(),
  wait: z.coerce.number().min(0).max(LONGEST_WAIT).optional(),
});

export { cursor as cursorText };
