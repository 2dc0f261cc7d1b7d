/** Configuration that limits what one caller may use of the service. */
import { z } from 'zod';

const count = (fallback: number) => z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).default(fallback);
const megabytes = (fallback: number) =>
  z.coerce
    .number()
    .positive()
    .max(1_000_000)
    .default(fallback)
    .transform((value) => Math.round(value * 1024 * 1024));

export const callerLimitVariables = {
  TRUST_PROXY: z.coerce.number().int().min(0).max(10).default(0),
  MAX_REQUESTS_PER_MINUTE_PER_KEY: count(6000),
  MAX_REQUESTS_PER_MINUTE_PER_ADDRESS: count(6000),
  MAX_OPEN_REQUESTS_PER_KEY: count(2000),
  MAX_BODIES_MB_PER_KEY: megabytes(64),
  MAX_BODIES_MB: megabytes(256),
  MAX_OPEN_RUNS_PER_KEY: count(1000),
  MAX_OPEN_MESSAGES_MB_PER_KEY: megabytes(256),
  MAX_SOCKETS_PER_KEY: count(1000),
  MAX_FOLLOWS_PER_SOCKET: count(200),
  MAX_FOLLOWS_PER_KEY: count(5000),
  MAX_FRAMES_PER_SOCKET: count(4),
  MAX_FRAMES_PER_KEY: count(64),
  MAX_UNSENT_MB: megabytes(8),
};

/** Workers need these too, because they store conversations. */
export const storageVariables = {
  MAX_SESSION_MB: megabytes(8),
  MAX_SESSIONS_MB_PER_KEY: megabytes(512),
};

type Variables = typeof callerLimitVariables & typeof storageVariables;
export type CallerLimits = { [Name in keyof Variables]: z.infer<Variables[Name]> };
export type CallerLimitName = keyof CallerLimits;
