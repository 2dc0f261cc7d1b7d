/** Schemas of the API's replies about inputs: the request that starts a run again, the change of a fork, and what a turn was asked. */
import { z } from 'zod';
import { turnEdit } from './fork';
import { ALIASES } from './names';
import { lineage, placedTurn } from './shapes';

/** A request that starts the same run again. */
export const startAgainReply = z.object({
  path: z.enum(['/swarm/execute', '/swarm/coordinate', '/swarms/multi']),
  body: z.looseObject({ message: z.string() }).describe('Its JSON body, with the options of the original request.'),
});
export type StartAgain = z.infer<typeof startAgainReply>;

/** The change that a fork has made to the run it was forked from. */
export const forkEditReply = z.object({
  run_id: z.string(),
  forked_from: lineage,
  edit: turnEdit.nullable().describe('Null for a retry, which changes nothing.'),
  replaced: z
    .object({ system: z.string(), alias: z.enum(ALIASES).optional() })
    .nullable()
    .describe('What the turn had instead; null for a stage, whose turns differ, and for a retry.'),
});
export type ForkEditView = z.infer<typeof forkEditReply>;

const inputMessage = z.object({
  role: z.enum(['system', 'user', 'assistant']),
  source: z
    .enum(['role', 'memory', 'run'])
    .describe("Where it comes from: the role's prompt, the session's memory, or the run."),
  parts: z
    .array(
      z.object({
        text: z.string(),
        turn: z.string().exactOptional().describe('The turn whose text this is.'),
      }),
    )
    .describe('Joined without a separator, they are the message as the model received it.'),
});
export type InputMessage = z.infer<typeof inputMessage>;

/** Query of `GET /runs/:id/input`. */
export const turnInputQuery = z.object({ turn: z.string().min(1).max(500) });

/** What a turn was asked, as its model received it. */
export const turnInputReply = z.object({
  run_id: z.string(),
  ...placedTurn.shape,
  messages: z.array(inputMessage),
  lost: z.array(z.string()).describe('Turns whose texts are part of the messages and are not stored any more.'),
  memory: z
    .enum(['none', 'included', 'expired'])
    .describe("The session's earlier conversation: not part of the prompt, part of it, or not stored any more."),
  parameters: z.object({
    alias: z.string().exactOptional(),
    models: z.array(z.string()).exactOptional().describe('Where the role names its models itself.'),
    temperature: z.number(),
    max_tokens: z.number(),
    structure: z.string().exactOptional().describe('The structure that the answer is parsed as.'),
    cache: z.literal('ok').exactOptional(),
  }),
});
export type TurnInput = z.infer<typeof turnInputReply>;
