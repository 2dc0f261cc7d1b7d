/** Validates the messages of a child. A child that runs hostile code may send anything. */
import { z } from 'zod';
import {
  ERROR_LIMIT,
  MOST_MISSING,
  NAME_LIMIT,
  OUTPUT_PIECE,
  TESTS_PER_ANSWER,
  VALUE_LIMIT,
  type CommandReplies,
  type Request,
} from '../guest/protocol';

const name = z.string().max(NAME_LIMIT);
const error = z.string().max(ERROR_LIMIT);

const plan = z.strictObject({
  refused: error.optional(),
  missing: z.array(name).max(MOST_MISSING).optional(),
});

const outcome = z.discriminatedUnion('ended', [
  z.strictObject({
    ended: z.literal(true),
    value: z.string().max(VALUE_LIMIT).optional(),
    cut: z.literal(true).optional(),
  }),
  z.strictObject({
    ended: z.literal(false),
    error,
    last: z.enum(['memory', 'broken']).optional(),
    lack: name.optional(),
    left: name.optional(),
    skipped: z.literal(true).optional(),
  }),
]);

const discovery = z.strictObject({
  tests: z.array(z.strictObject({ name, main: z.literal(true).optional() })).max(TESTS_PER_ANSWER),
  more: z.boolean(),
  error: error.optional(),
});

const results = { prepare: plan, load: outcome, check: outcome, discover: discovery, test: outcome };

const warm = z.strictObject({ kind: z.literal('warm') });
const output = z.strictObject({ kind: z.literal('output'), text: z.string().min(1).max(OUTPUT_PIECE) });
const answer = z.strictObject({ kind: z.literal('answer'), secret: z.string(), result: z.unknown() });

/** Messages that are valid before the first request, and while a request is being answered. */
const whileStarting = warm;
const whileAnswering = z.discriminatedUnion('kind', [output, answer]);

/** A message that breaks the protocol. The error text is for display and contains no part of the message. */
export class InvalidMessage extends Error {}

export function readWarm(body: Uint8Array): void {
  accept(whileStarting, body);
}

export function readMessage(body: Uint8Array): z.infer<typeof whileAnswering> {
  return accept(whileAnswering, body);
}

export function readResult<K extends Request['kind']>(kind: K, result: unknown): CommandReplies[K] {
  const read = results[kind].safeParse(result);
  if (!read.success) throw new InvalidMessage(`an answer to "${kind}" does not fit its schema`);
  return read.data as CommandReplies[K];
}

function accept<T>(schema: z.ZodType<T>, body: Uint8Array): T {
  const read = schema.safeParse(parse(body));
  if (!read.success) throw new InvalidMessage('a message does not fit its schema');
  return read.data;
}

/** A message that contains `__proto__` is refused entirely, regardless of the schema. */
function parse(body: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    return JSON.parse(text, (key, value: unknown) => {
      if (key === '__proto__') throw new InvalidMessage();
      return value;
    });
  } catch {
    throw new InvalidMessage('a message is not JSON');
  }
}
