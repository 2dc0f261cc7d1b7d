/** How people steer a run that is under way: the bodies of the routes, which are also the arguments of the workflow's Updates. */
import { z } from 'zod';

/** Longest guidance or reason, in UTF-16 units: it travels in Temporal payloads and in every later turn's prompt. */
const TEXT_LIMIT = 20_000;
const text = z.string().trim().max(TEXT_LIMIT, `must not be longer than ${TEXT_LIMIT} characters`);
const gate = z
  .string()
  .max(100)
  .nullish()
  .transform((name) => name || undefined);

/** Body of `POST /runs/:id/approve`. `gate` is needed only where several are open. */
export const approveRequest = z.object({ gate, reason: text.nullish().transform((reason) => reason ?? '') });
export type ApproveRequest = z.infer<typeof approveRequest>;

/** Body of `POST /runs/:id/reject`: the reason is what the next attempt works from. */
export const rejectRequest = z.object({ gate, reason: text.min(1, 'must say why') });
export type RejectRequest = z.infer<typeof rejectRequest>;

/** Body of `POST /runs/:id/message`. `interrupt` stops the turns that speak now and starts them again with the guidance. */
export const messageRequest = z.object({
  content: text.min(1, 'must not be empty'),
  interrupt: z
    .boolean()
    .nullish()
    .transform((interrupt) => interrupt ?? false),
});
export type MessageRequest = z.infer<typeof messageRequest>;

/** What a person said at a gate. */
export interface GateDecision {
  gate: string;
  decision: 'approved' | 'rejected';
  reason: string;
}

/** The Updates of a run: what each takes and what it answers once it has taken effect. */
export interface SteeringUpdates {
  approve: { takes: ApproveRequest; answers: GateDecision };
  reject: { takes: RejectRequest; answers: GateDecision };
  message: { takes: MessageRequest; answers: { interrupted: string[] } };
  /** `changed` is false when the run was paused, or was not, already. */
  pause: { takes: object; answers: { paused: boolean; changed: boolean } };
  resume: { takes: object; answers: { paused: boolean; changed: boolean } };
}

/** What is said with a mark of its own, and an answer with that of what it answers; without one where a version before marks spoke. */
export type Marked<Words> = Words & { mark?: string };

/** When a run must ask a person. */
export interface GateOptions {
  /** Ask before a plan is implemented. */
  approve_plan?: boolean;
  /** Ask each time the run has spent so much more, US dollars. */
  approve_above_usd?: number;
}
