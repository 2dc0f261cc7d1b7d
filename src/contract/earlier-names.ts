/** Parses requests whose fields have the names used by earlier clients, or camel-case names. */
import { z } from 'zod';

/** Alternative names of each field, in order of preference; used if the field itself is absent. */
const EARLIER_NAMES: Readonly<Record<string, readonly string[]>> = {
  swarm_id: ['team_id', 'swarm_type', 'swarm', 'team'],
  team_id: ['swarm_id', 'swarm_type', 'swarm', 'team'],
  message: ['task', 'prompt', 'query', 'input'],
};

/** Extends a schema to accept earlier names. Errors use the name that the client sent. */
export function withEarlierNames<S extends z.ZodObject>(schema: S) {
  return z.unknown().transform((body, context): z.output<S> => {
    const { fields, sentAs } = renameFields(body, Object.keys(schema.shape));
    const parsed = schema.safeParse(fields);
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues) {
      const [field = '', ...inside] = path;
      const name = sentAs.get(String(field)) ?? field;
      context.addIssue({ code: 'custom', path: path.length > 0 ? [name, ...inside] : [], message });
    }
    return z.NEVER;
  });
}

/** Returns a body that is not an object unchanged. */
function renameFields(body: unknown, fields: string[]): { fields: unknown; sentAs: Map<string, string> } {
  const sentAs = new Map<string, string>();
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { fields: body, sentAs };
  const given: Record<string, unknown> = { ...body };
  const isGiven = (name: string) => given[name] !== undefined && given[name] !== null;
  for (const field of fields) {
    if (isGiven(field)) continue;
    const sent = listNames(field).find(isGiven);
    if (sent === undefined) continue;
    given[field] = given[sent];
    sentAs.set(field, sent);
  }
  return { fields: given, sentAs };
}

function listNames(field: string): string[] {
  const earlier = EARLIER_NAMES[field] ?? [];
  return [field, ...earlier].flatMap((name) => [name, toCamelCase(name)]);
}

/** All names of the fields that identify a body as a request to start a run. */
export const START_NAMES: readonly string[] = ['swarm_id', 'message'].flatMap(listNames);

function toCamelCase(name: string): string {
  const [first = '', ...rest] = name.split('_');
  return first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
