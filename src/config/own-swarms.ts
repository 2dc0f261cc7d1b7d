/** Schema of a file of user-defined swarms. Its JSON Schema is generated from this, see `GET /swarms/schema.json`. */
import { z } from 'zod';
import { codeCheck, role, stageDefinition, swarmDefinition, type Role } from '../contract/swarms';
import type { Composition, Pattern } from '../workflows/pattern';
import { COMPOSITIONS, PATTERNS } from '../workflows/registry';

/** Has no flags, because a JSON Schema cannot express them. */
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
const makeRolesSchema = <Definition extends z.ZodType>(
  definition: Definition,
  needed: readonly string[] = [],
  atLeast = 1,
) =>
  z.record(roleName, definition).superRefine((roles, context) => {
    const missing = needed.filter((name) => !Object.hasOwn(roles, name));
    const wrong = (message: string) => context.addIssue({ code: 'custom', message });
    if (missing.length > 0) wrong(`the pattern needs ${missing.join(' and ')}`);
    else if (Object.keys(roles).length < atLeast) wrong(`the pattern needs at least ${atLeast} of them`);
  });

const { id, name, description } = swarmDefinition.shape;
const makeFields = (pattern: string) => ({
  id,
  name: name.optional().describe('What people read; the id unless given.'),
  description: description.default(''),
  pattern: z.literal(pattern),
});

/** Builds the schema of a swarm from its pattern's declarations. */
function toTeamSchema({ name: pattern, roles, options, takesChecks }: Pattern) {
  const rolesSchema = makeRolesSchema(roles.mayHavePrompts ? promptedRole : teamRole, roles.needed, roles.atLeast);
  const schema = z.strictObject({
    ...makeFields(pattern),
    roles: roles.description === undefined ? rolesSchema : rolesSchema.describe(roles.description),
  });
  const more = {
    ...(options ? { [pattern]: options(z).strict().optional() } : {}),
    ...(takesChecks ? { checks } : {}),
  };
  return z.strictObject({ ...schema.shape, ...more });
}

const checks = z
  .array(z.strictObject({ ...codeCheck.shape, name: codeCheck.shape.name.optional() }))
  .min(1)
  .optional()
  .describe(
    'Demands on the code, in its own language: statements that end without an error, or `code` with its value.',
  );

/** Schema of a swarm that runs other swarms in stages. */
function toStagedSchema({ name: pattern }: Composition) {
  return z.strictObject({ ...makeFields(pattern), stages });
}

const stages = z
  .array(
    z.strictObject({
      ...stageDefinition.shape,
      swarm: stageDefinition.shape.swarm.describe('The id of a swarm of this file, or of a built-in one.'),
      prompt: stageDefinition.shape.prompt.describe(
        'What the stage is told, with the variables {{task}}, {{previous}} and the names of earlier stages.',
      ),
    }),
  )
  .min(1, 'a pipeline needs at least one stage');

type Fields = z.infer<z.ZodObject<ReturnType<typeof makeFields>>>;
export type OwnTeam = Fields & { roles: Record<string, z.infer<typeof promptedRole>>; checks?: z.infer<typeof checks> };
export type OwnStaged = Fields & { stages: z.infer<typeof stages> };
export type OwnSwarm = OwnTeam | OwnStaged;

const [first, ...others] = [
  ...PATTERNS.map(toTeamSchema),
  ...COMPOSITIONS.filter(({ isOpen }) => isOpen).map(toStagedSchema),
];

/** A file of swarms: a list. Its type omits the options, whose names are those of the patterns. */
export const ownSwarms = z
  .array(z.discriminatedUnion('pattern', [first!, ...others]))
  .meta({ title: 'Swarms of your own', description: 'The file that SWARMS_FILE names, as YAML or JSON.' }) as z.ZodType<
  OwnSwarm[]
>;

/** Returns the JSON Schema of a file of swarms, draft 2020-12. */
export function ownSwarmsSchema(): object {
  return z.toJSONSchema(ownSwarms, { io: 'input' });
}
