/** The `Idempotency-Key` header: a request that is sent again with the same key is the same request. */
import type { Context } from 'koa';
import { ApiError } from './errors';
import type { Caller } from './orders';

const LIMIT = 255;

/** For a key that comes again with another request. */
export function keyConflict(): ApiError {
  return new ApiError('IDEMPOTENCY_CONFLICT', 'Idempotency-Key: was used before with another request.');
}

/** The caller's key, if there is one. */
export function idempotencyKeyOf(ctx: Context): string | undefined {
  const key = ctx.get('Idempotency-Key');
  if (key.length > LIMIT)
    throw new ApiError('INVALID_FIELD', `Idempotency-Key: must not be longer than ${LIMIT} characters`);
  return key || undefined;
}

/** Who asks, and under which key: what is started is theirs, and they pay for it. */
export function callerOf(ctx: Context): Caller {
  return { idempotencyKey: idempotencyKeyOf(ctx), tenant: ctx.state.tenant as string | undefined };
}
