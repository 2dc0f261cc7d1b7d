/** Request fields that models refuse, in the form in which workers share them. */
import { z } from 'zod';

/**
 * How to change a request field that a model refuses: omit it, send it under the name `to`, or lower it to `most`. With `value`, only if
 * the field has that value.
 */
export const fieldRule = z.object({
  field: z.string(),
  to: z.string().optional(),
  value: z.unknown().optional(),
  most: z.number().int().min(1).optional(),
});
export type FieldRule = z.infer<typeof fieldRule>;
