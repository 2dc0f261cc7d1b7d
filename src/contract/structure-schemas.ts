/**
 * The structures as JSON Schema, for gateways and models with structured outputs. In the strict form that OpenAI requires: all fields are
 * required and no others allowed. `read-structure.ts` still parses the answers, with more tolerance.
 */
import { z } from 'zod';
import { ASKED, type AskedName } from './structures';

export interface NamedSchema {
  name: string;
  schema: Record<string, unknown>;
}

/** The schema of each structure. */
export const STRUCTURE_SCHEMAS: Record<AskedName, NamedSchema> = { critic: named('critic'), judge: named('judge') };

function named(name: AskedName): NamedSchema {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(ASKED[name]);
  return { name, schema };
}
