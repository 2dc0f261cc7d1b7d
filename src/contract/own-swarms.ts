/** The swarms that a user writes: what a file of them may hold. Its JSON Schema is made from this, see `GET /swarms/schema.json`. */
import { z } from 'zod';
import { buildOptions, codeCheck, debateOptions, panelOptions, role, stageDefinition, swarmDefinition } from './swarms';
import type { Role, SwarmDefinition } from './swarms';

/** Without flags, which a JSON Schema would lose. */
const NAME = /^[a-zA-Z0-9][\w-]{0,39}$/;
const TEMPERATURE = 0.7;
const MAX_TOKENS = 2000;

const { label, alias, models, system, prompt, reminder, temperature, max_tokens } = role.shape;
const roleFields = {
  label: label.optional().describe('What people read; the name of the role unless given.'),
  alias: alias.describe('The list of models that the role speaks through, as configured. Give this or `models`.'),
  models: models.describe('Ids of models in the order in which they are tried. Give this or `alias`.'),
  system: system.describe('Who the role is and what its answer must hold.'),
  reminder: reminder.describe('Said again after the task.'),
  temperature: temperature.default(TEMPERATURE),
  max_tokens: max_tokens.default(MAX_TOKENS),
};

const oneWay = [
  (given: Pick<Role, 'alias' | 'models'>) => (given.alias === undefined) !== (given.models === undefined),
  'needs an alias or a list of models, one of both',
] as const;
const teamRole = z.strictObject(roleFields).refine(...oneWay);
const promptedRole = z
  .strictObject({
    ...roleFields,
    prompt: prompt.describe('What the role is asked, with variables such as {{task}}; the task alone unless given.'),
  })
  .refine(...oneWay);

const roleName = z.string().regex(NAME, 'may hold letters, digits and _ - only');
const rolesOf = <Definition extends z.ZodType>(definition: Definition, needed: string[] = [], atLeast = 1) =>
  z.record(roleName, definition).superRefine((roles, context) => {
    const missing = needed.filter((name) => !Object.hasOwn(roles, name));
    const wrong = (message: string) => context.addIssue({ code: 'custom', message });
    if (missing.length > 0) wrong(`the pattern needs ${missing.join(' and ')}`);
    else if (Object.keys(roles).length < atLeast) wrong(`the pattern needs at least ${atLeast} of them`);
  });

const { id, name, description } = swarmDefinition.shape;
const fields = <Pattern extends SwarmDefinition['pattern']>(pattern: Pattern) => ({
  id,
  name: name.optional().describe('What people read; the id unless given.'),
  description: description.default(''),
  pattern: z.literal(pattern),
});

const single = z.strictObject({ ...fields('single'), roles: rolesOf(promptedRole) });
const panel = z.strictObject({
  ...fields('panel'),
  roles: rolesOf(promptedRole, [], 2).describe('All answer at once; one that is called `chair` then concludes.'),
  panel: panelOptions.strict().optional(),
});
const debate = z.strictObject({
  ...fields('debate'),
  roles: rolesOf(teamRole, ['moderator'], 3).describe('`moderator` judges; all others are voices.'),
  debate: debateOptions.strict().optional(),
});
const build = z.strictObject({
  ...fields('build'),
  roles: rolesOf(teamRole, ['coder', 'reviewer']).describe(
    'All others are further coders, who draft in their own words or with their own model.',
  ),
  build: buildOptions.strict().optional(),
  checks: z
    .array(z.strictObject({ ...codeCheck.shape, name: codeCheck.shape.name.optional() }))
    .min(1)
    .optional()
    .describe(
      'Demands on the code, in its own language: statements that end without an error, or `code` with its value.',
    ),
});
const strategic = z.strictObject({ ...fields('strategic'), roles: rolesOf(teamRole, ['strategist', 'critic']) });
const coding = z.strictObject({ ...fields('coding'), roles: rolesOf(teamRole, ['coder', 'reviewer']) });
const pipeline = z.strictObject({
  ...fields('pipeline'),
  stages: z
    .array(
      z.strictObject({
        ...stageDefinition.shape,
        swarm: stageDefinition.shape.swarm.describe('The id of a swarm of this file, or of a built-in one.'),
        prompt: stageDefinition.shape.prompt.describe(
          'What the stage is told, with the variables {{task}}, {{previous}} and the names of earlier stages.',
        ),
      }),
    )
    .min(1, 'a pipeline needs at least one stage'),
});

/** A file of swarms: a list of them. */
export const ownSwarms = z
  .array(z.discriminatedUnion('pattern', [single, panel, debate, build, strategic, coding, pipeline]))
  .meta({ title: 'Swarms of your own', description: 'The file that SWARMS_FILE names, as YAML or JSON.' });
export type OwnSwarm = z.infer<typeof ownSwarms>[number];

/** The JSON Schema of a file of swarms, draft 2020-12. */
export function ownSwarmsSchema(): object {
  return z.toJSONSchema(ownSwarms, { io: 'input' });
}
