/** The requests with which earlier clients start a run. Fields without a meaning here are ignored. */
import { z } from 'zod';
import { withEarlierNames } from '../../../contract/earlier-names';
import { executeRequest, swarmIdText } from '../../../contract/requests';

const { message, session_id, temperature, max_tokens, stream } = executeRequest.shape;
const name = swarmIdText
  .or(z.literal(''))
  .nullish()
  .transform((id) => id || undefined);

/** Body of `POST /teams/run`. Streaming is the default. */
export const teamRequest = z.object({
  message,
  team_id: name,
  session_id,
  stream,
  /** `false`: the run sees nothing of the session and gets a new one. */
  use_memory: z.boolean().nullish(),
  /** Additional material for the task, appended to the message. */
  context: z.unknown().optional(),
  temperature,
  max_tokens,
  /** How long to wait for a reply that is not streamed, in seconds. */
  timeout: z.number().positive().nullish(),
});
export type TeamRequest = z.infer<typeof teamRequest>;

/** The same body, with the field names of further clients. */
export const teamBody = withEarlierNames(teamRequest);

/** Body of `POST /workflows/run`: some clients put the message into `inputs`. */
export const workflowRequest = z.preprocess(
  (body) => {
    if (typeof body !== 'object' || body === null) return body;
    const { inputs, workflow_id: team_id, ...rest } = body as Record<string, unknown>;
    return { ...(typeof inputs === 'object' ? inputs : {}), team_id, ...rest };
  },
  withEarlierNames(teamRequest.extend({ team_id: z.string({ error: 'workflow_id must be given' }).pipe(swarmIdText) })),
);

const inputs = teamRequest.omit({ team_id: true }).partial({ message: true });
/** The same body as clients send it: the fields of `inputs` may also be at the top level. */
export const workflowBody = inputs.extend({ workflow_id: z.string().min(1), inputs: inputs.optional() });

/** Validates the message together with its material. */
export const wholeMessage = teamRequest.pick({ message: true });

/** The message together with its material. */
export function writeMessage({ message: said, context }: TeamRequest): string {
  if (context === undefined || context === null || context === '') return said;
  const material = typeof context === 'string' ? context : JSON.stringify(context, null, 2);
  return material === '{}' || material === '[]' ? said : `${said}\n\nContext:\n${material}`;
}
