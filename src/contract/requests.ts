/** Request bodies, queries and WebSocket frames of the API, parsed once on arrival. Unknown fields are ignored. */
import { z } from 'zod';
import { STRATEGIES } from './compositions';
import { runStatus } from './runs';
import {
  IDEMPOTENCY_KEY_LIMIT,
  LISTED_STATES,
  MESSAGE_LIMIT,
  MOST_DRAFTS,
  MOST_TAGS,
  RUN_ID_LIMIT,
  SESSION_ID_LIMIT,
  SESSION_POLICIES,
  TAG_LIMIT,
} from './names';

const NAME_LIMIT = 100;

const message = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(MESSAGE_LIMIT, `must not be longer than ${MESSAGE_LIMIT} characters`);

/** A session id as callers send it; '' means none. */
const sessionIdText = z
  .string()
  .max(SESSION_ID_LIMIT)
  .regex(/^[\w.:@-]*$/, 'may hold letters, digits and . : @ _ - only');
const sessionId = sessionIdText.nullish().transform((id) => id || undefined);
/** Bounded, because the error for an unknown swarm quotes it. */
const swarmId = z.string().min(1).max(NAME_LIMIT);

/** One day, in seconds. */
const LONGEST_REPLY_WAIT = 86_400;

/** `false` requests 202 at once, like `Prefer: respond-async`; a number limits the wait, like `Prefer: wait=50`. */
const wait = z
  .union([z.boolean(), z.number().min(0).max(LONGEST_REPLY_WAIT)])
  .nullish()
  .describe(
    'Whether to wait for the answer, or for how many seconds at most: after that the reply is 202 with the id of the run, which goes on.',
  );

const tag = z
  .string()
  .trim()
  .min(1)
  .max(TAG_LIMIT)
  .regex(/^[\w.:@-]+$/, 'may hold letters, digits and . : @ _ - only');

const options = {
  temperature: z.number().min(0).max(2).nullish(),
  max_tokens: z.number().int().min(1).max(200_000).nullish(),
  approve_above_usd: z
    .number()
    .nonnegative()
    .nullish()
    .describe('Ask a person each time the run has spent this amount more, US dollars.'),
  budget_usd: z.number().positive().nullish().describe('What the run may cost, US dollars.'),
  budget_tokens: z
    .number()
    .int()
    .positive()
    .nullish()
    .describe('What the run may use, tokens of prompts and answers together.'),
  budget_calls: z.number().int().positive().nullish().describe('How many model calls the run may make.'),
  drafts: z
    .number()
    .int()
    .min(1)
    .max(MOST_DRAFTS)
    .nullish()
    .describe(
      'How many drafts of code are written at most: two at once, and further ones where those fail or differ. Of those whose checks pass, the one with which most others agree is the answer.',
    ),
  session_policy: z
    .enum(SESSION_POLICIES)
    .nullish()
    .describe(
      'What to do while another run of the session speaks: wait (the default), be refused with 409, or cancel the other.',
    ),
  tags: z
    .array(tag)
    .max(MOST_TAGS)
    .nullish()
    .describe('Words by which people find the run again; they change nothing in it.'),
  cache: z
    .enum(['ok', 'off'])
    .nullish()
    .describe('`ok`: a turn that was answered before, word for word the same, may be answered again from the cache.'),
};

/** Body of `POST /swarm/execute`. `wait: false` requests 202 at once, like `Prefer: respond-async`. */
export const executeRequest = z.object({
  swarm_id: swarmId,
  message,
  session_id: sessionId,
  stream: z.boolean().nullish(),
  wait,
  ...options,
});

/** Body of `POST /swarm/coordinate`. `max_rounds` limits how often a review may send the code back. */
export const coordinateRequest = z.object({
  message,
  session_id: sessionId,
  stream: z.boolean().nullish(),
  wait,
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
type CoordinateRequest = z.infer<typeof coordinateRequest>;

const TEAMS_LIMIT = 10;

/** Body of `POST /swarms/multi`: several swarms on one message. */
export const multiRequest = z.object({
  message,
  teams: z
    // a team's name is the prefix of its turn ids
    .array(swarmId.trim().min(1))
    .min(1, 'names no swarm')
    .max(TEAMS_LIMIT)
    .refine((teams) => new Set(teams).size === teams.length, 'names a swarm twice'),
  strategy: z.enum(STRATEGIES),
  session_id: sessionId,
  stream: z.boolean().nullish(),
  wait,
  ...options,
});

/** The fields that all requests to start a run share. */
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
  | 'budget_calls'
  | 'cache'
  | 'drafts'
  | 'tags'
>;

const runId = z
  .string()
  .min(1)
  .max(RUN_ID_LIMIT)
  .regex(/^[\w.-]*$/, 'may hold letters, digits and . _ - only');
/** A position in a run's stream, taken from an event, or `0` for the beginning. */
const cursor = z
  .string()
  .regex(/^(0|\d{1,16}-\d{1,16})$/, 'is not a cursor: use the cursor of a frame, or 0 for the beginning');

const cancelFrame = z.object({ cancel: runId });
const followFrame = z.object({ run_id: runId, after: cursor.nullish().transform((place) => place ?? '0') });
export const startFrame = executeRequest.extend({ max_rounds: coordinateRequest.shape.max_rounds });
export type ClientFrame = z.infer<typeof cancelFrame> | z.infer<typeof followFrame> | z.infer<typeof startFrame>;

const FRAMES = [
  ['cancel', cancelFrame],
  ['run_id', followFrame],
  ['swarm_id', startFrame],
] as const;

/**
 * A frame that a client may send on `WS /ws/swarm`: start a run, follow or resume one, or cancel one. Its fields determine the kind, so
 * that errors name only fields of that kind; a plain union would name fields of all kinds.
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
    .max(NAME_LIMIT)
    .regex(/^[\w.-]*$/)
    .optional(),
  session: sessionIdText.optional(),
  status: runStatus.optional(),
  state: z
    .enum(LISTED_STATES)
    .optional()
    .describe('Only runs that wait for a person, or whose answer is code with this outcome of its checks.'),
  started_after: z.iso.datetime({ offset: true }).optional().describe('Only runs that started then or later.'),
  started_before: z.iso.datetime({ offset: true }).optional().describe('Only runs that started before.'),
  /** Only forks of that run. */
  forked_from: runId.or(z.literal('')).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  page: z.string().max(4000).optional(),
});
export type ListRunsQuery = z.infer<typeof listRunsQuery>;

/** Maximum wait of a long poll, seconds. */
const LONGEST_WAIT = 60;

/** Query of `GET /runs/:id/events`; with `wait`, in seconds, it is a long poll that returns JSON. */
export const eventsQuery = z.object({
  after: cursor.optional(),
  wait: z.coerce.number().min(0).max(LONGEST_WAIT).optional(),
});

/** The `Idempotency-Key` header. */
export const idempotencyKey = z
  .string()
  .max(IDEMPOTENCY_KEY_LIMIT, `must not be longer than ${IDEMPOTENCY_KEY_LIMIT} characters`);

export { wait as replyWait, cursor as cursorText, runId as runIdText, sessionIdText, swarmId as swarmIdText };
