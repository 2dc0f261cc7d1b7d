/** Parses a model's answer as one of the contract's structures. A local activity, which keeps the schemas out of the workflow bundle. */
import { z } from 'zod';
import { ASKED, type AskedName, type StructureReading } from '../contract/structures';

/** Maximum length of a structure, because the run's record contains all of them. UTF-16 units. */
const LONGEST = 50_000;

/** Accepts a string as a list of one: models write a single point as a string as often as a list. */
const points = z.preprocess(
  (value) => (typeof value === 'string' ? [value] : (value ?? [])),
  z.array(z.string()).transform((all) => all.map((one) => one.trim()).filter(Boolean)),
);

/** 0 to 1; percentages are accepted. */
const score = z.coerce
  .number()
  .min(0)
  .max(100)
  .transform((value) => (value > 1 ? value / 100 : value));

const READERS: Record<AskedName, z.ZodType> = {
  critic: tolerateFields(ASKED.critic),
  judge: tolerateFields(ASKED.judge),
};

/** Returns the structure, or a sentence that tells the model what is wrong with its answer. */
export async function readStructure<Name extends AskedName>(name: Name, text: string): Promise<StructureReading<Name>> {
  const json = objectIn(text);
  if (json && json.length > LONGEST) return { problem: `The JSON is longer than ${LONGEST} characters.` };
  if (json === undefined) return { problem: 'The answer holds no JSON object.' };
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return { problem: `The JSON cannot be parsed: ${error instanceof Error ? error.message : String(error)}` };
  }
  const parsed = READERS[name].safeParse(value);
  if (parsed.success) return { value: parsed.data } as StructureReading<Name>;
  return { problem: parsed.error.issues.map(describeIssue).join(' ') };
}

function tolerateFields({ shape }: z.ZodObject): z.ZodType {
  return z.object(Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, tolerate(field)])));
}

/** The same shape, with tolerance for common deviations in models' output. */
function tolerate(field: z.core.$ZodType): z.core.$ZodType {
  if (field instanceof z.ZodObject) return z.preprocess((value) => value ?? {}, tolerateFields(field));
  if (field instanceof z.ZodArray) return points;
  if (field instanceof z.ZodNumber) return score;
  if (field instanceof z.ZodEnum)
    return z.preprocess((value) => (typeof value === 'string' ? value.trim().toLowerCase() : value), field);
  return field;
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return `${path.join('.') || 'The object'}: ${message}.`;
}

/** From the first brace to the last: models add fences and sentences around the JSON. */
function objectIn(text: string): string | undefined {
  const [from, to] = [text.indexOf('{'), text.lastIndexOf('}')];
  return from >= 0 && to > from ? text.slice(from, to + 1) : undefined;
}
