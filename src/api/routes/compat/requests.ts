/** What earlier clients send to start a run. Fields that mean nothing here are ignored. */
import { z } from 'zod';
import { executeRequest } from '../../../contract/requests';

const { message, session_id, temperature, max_tokens, stream } = executeRequest.shape;
const name = z
  .string()
  .nullish()
  .transform((id) => id || undefined);

/** Body of `POST /teams/run`. Without `stream` the answer streams. */
export const teamRequest = z.object({
  message,
  team_id: name,
  session_id,
  stream,
  /** `false`: the run sees nothing of the session, and gets one of its own. */
  use_memory: z.boolean().nullish(),
  /** Material for the task, added to the message. */
  context: z.unknown().optional(),
  temperature,
  max_tokens,
  /** How long to wait for the answer that does not stream, seconds. */
  timeout: z.number().positive().nullish(),
});
export type TeamRequest = z.infer<typeof teamRequest>;

/** Body of `POST /workflows/run`: some clients wrap the message as an input. */
export const workflowRequest = z.preprocess(
  (body) => {
    if (typeof body !== 'object' || body === null) return body;
    const { inputs, workflow_id: team_id, ...rest } = body as Record<string, unknown>;
    return { ...(typeof inputs === 'object' ? inputs : {}), team_id, ...rest };
  },
  teamRequest.extend({ team_id: z.string({ error: 'workflow_id must be given' }).min(1) }),
);

const inputs = teamRequest.omit({ team_id: true }).partial({ message: true });
/** The same body as clients send it: what stands in `inputs` may also stand beside it. */
export const workflowBody = inputs.extend({ workflow_id: z.string().min(1), inputs: inputs.optional() });

/** What the message with its material may be. */
export const wholeMessage = teamRequest.pick({ message: true });

/** The message with its material. */
export function messageOf({ message: said, context }: TeamRequest): string {
  if (context === undefined || context === null || context === '') return said;
  const material = typeof context === 'string' ? context : JSON.stringify(context, null, 2);
  return material === '{}' || material === '[]' ? said : `${said}\n\nContext:\n${material}`;
}
