/** Steering of a running run by people: the request bodies, which are also the arguments of the workflow's Updates. */
import { z } from 'zod';

/** Maximum length of guidance or a reason, in UTF-16 units: it is part of Temporal payloads and of every later turn's prompt. */
const TEXT_LIMIT = 20_000;
const text = z.string().trim().max(TEXT_LIMIT, `must not be longer than ${TEXT_LIMIT} characters`);
const gate = z
  .string()
  .max(100)
  .nullish()
  .transform((name) => name || undefined);

/** Body of `POST /runs/:id/approve`. `gate` is required only if several gates are open. */
export const approveRequest = z.object({ gate, reason: text.nullish().transform((reason) => reason ?? '') });
type ApproveRequest = z.infer<typeof approveRequest>;

/** Body of `POST /runs/:id/reject`. The reason is passed to the next try. */
export const rejectRequest = z.object({ gate, reason: text.min(1, 'must say why') });
type RejectRequest = z.infer<typeof rejectRequest>;

/** Body of `POST /runs/:id/message`. `interrupt` cancels the running turns and restarts them with the guidance. */
export const messageRequest = z.object({
  content: text.min(1, 'must not be empty'),
  interrupt: z
    .boolean()
    .nullish()
    .transform((interrupt) => interrupt ?? false),
});
type MessageRequest = z.infer<typeof messageRequest>;

/** A person's decision at a gate. */
export const gateDecision = z.object({
  gate: z.string(),
  decision: z.enum(['approved', 'rejected']),
  reason: z.string(),
});
export type GateDecision = z.infer<typeof gateDecision>;

/** The reply to guidance. */
export const guidanceAnswer = z.object({
  interrupted: z.array(z.string()).describe('The turns that were stopped for it.'),
});

/** The reply to pause and resume. */
export const pauseAnswer = z.object({
  paused: z.boolean(),
  changed: z.boolean().describe('False when the run was paused, or was not, already.'),
});
type PauseAnswer = z.infer<typeof pauseAnswer>;

/** The Updates of a run: the argument of each, and its result once it has taken effect. */
export interface SteeringUpdates {
  approve: { takes: ApproveRequest; answers: GateDecision };
  reject: { takes: RejectRequest; answers: GateDecision };
  message: { takes: MessageRequest; answers: z.infer<typeof guidanceAnswer> };
  pause: { takes: object; answers: PauseAnswer };
  resume: { takes: object; answers: PauseAnswer };
}

/** A request with a unique mark, or a reply with the mark of its request. Absent in messages of versions before marks existed. */
export type Marked<Words> = Words & { mark?: string };

/** When a run must ask a person. */
export interface GateOptions {
  /** Ask before a plan is implemented. */
  approve_plan?: boolean;
  /** Ask each time the run has spent this further amount, in US dollars. */
  approve_above_usd?: number;
}
