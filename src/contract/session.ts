/** The stored contents of a session. */
import { z } from 'zod';

/** One message of a session. */
export const sessionMessage = z.object({
  role: z.enum(['user', 'assistant']),
  content: z.string(),
  run_id: z.string(),
  team_id: z.string(),
  at: z.number().describe('Unix epoch, milliseconds.'),
});
export type SessionMessage = z.infer<typeof sessionMessage>;

export const sessionSummary = z.object({
  text: z.string(),
  covers: z.number().int().describe("For how many of the session's first messages it stands."),
  at: z.number().describe('Unix epoch, milliseconds.'),
});
export type SessionSummary = z.infer<typeof sessionSummary>;
