/** Setting types that several parts of the configuration share. */
import { z } from 'zod';

export const textSetting = z.string().trim().min(1).optional();

/** A server address. It must not contain a key, which would appear in logs and errors as part of the address. */
export const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address' })
  .refine((address) => !hasUserInfo(address), {
    error: 'must not hold a user name or a password; a key has its own variable',
  });

function hasUserInfo(address: string): boolean {
  const { username, password } = URL.canParse(address) ? new URL(address) : { username: '', password: '' };
  return username !== '' || password !== '' || /^[^/]*\/\/[^/?#]*@/.test(address);
}

/** A JSON value, validated by a schema. */
export function jsonSetting<S extends z.ZodType>(schema: S) {
  return z
    .string()
    .transform((value, context): unknown => {
      try {
        return JSON.parse(value);
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);
}
