/** Reads a model's answer as one of the structures of the contract. A local activity: schemas stay out of the workflow bundle. */
import type { z } from 'zod';
import { ASKED, type AskedName, type Reading } from '../contract/structures';

/** The structure, or one sentence that tells the model what is wrong with its answer. */
export async function readStructure<Name extends AskedName>(name: Name, text: string): Promise<Reading<Name>> {
  const json = objectIn(text);
  if (json === undefined) return { problem: 'The answer holds no JSON object.' };
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return { problem: `The JSON cannot be parsed: ${error instanceof Error ? error.message : String(error)}` };
  }
  const parsed = ASKED[name].safeParse(value);
  if (parsed.success) return { value: parsed.data } as Reading<Name>;
  return { problem: parsed.error.issues.map(sentenceOf).join(' ') };
}

function sentenceOf({ path, message }: z.core.$ZodIssue): string {
  return `${path.join('.') || 'The object'}: ${message}.`;
}

/** From the first brace to the last: models put fences and sentences around what they were asked for alone. */
function objectIn(text: string): string | undefined {
  const [from, to] = [text.indexOf('{'), text.lastIndexOf('}')];
  return from >= 0 && to > from ? text.slice(from, to + 1) : undefined;
}
