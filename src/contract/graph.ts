/** The graph of a run: its stages, their steps in order, and the roles of each step. Readers can draw it without knowing the pattern. */
import { z } from 'zod';

const graphStep = z.object({
  step: z.string().describe('As the places of its turns name it.'),
  roles: z.array(z.string()).describe('The roles that speak in it, in parallel.'),
  rounds: z
    .object({ least: z.number().int(), most: z.number().int() })
    .exactOptional()
    .describe('How often the step comes, where that is not once. With `least` 0 it comes only where it is needed.'),
});
export type GraphStep = z.infer<typeof graphStep>;

const graphStage = z.object({
  id: z.string().nullable().describe('The `plan` of the stages of its turns; null in a run of one swarm.'),
  title: z.string(),
  swarm_id: z.string(),
  roles: z.array(z.object({ role: z.string(), label: z.string() })),
  steps: z.array(graphStep).describe('In the order in which they follow each other. Turns of further steps may come.'),
  gives_verdict: z.literal(true).exactOptional().describe('Its last step ends with a line that passes or sends back.'),
  asks_approval: z.literal(true).exactOptional().describe('The run waits after it until a person has decided.'),
});
export type GraphStage = z.infer<typeof graphStage>;

export const runGraph = z.object({ stages: z.array(graphStage) });
export type RunGraph = z.infer<typeof runGraph>;
