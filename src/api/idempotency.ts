/** The `Idempotency-Key` header: a request that is repeated with the same key is the same request. */
import type { Context } from 'koa';
import { z } from 'zod';
import { idempotencyKey } from '../contract/requests';
import { ApiError, parse } from './errors';
import type { Caller } from './start-requests';

/** The error for a key that is reused with another request. */
export function keyConflict(): ApiError {
  return new ApiError('IDEMPOTENCY_CONFLICT', 'Idempotency-Key: was used before with another request.');
}

/** The caller's idempotency key, if any. */
export function readIdempotencyKey(ctx: Context): string | undefined {
  const header = { 'Idempotency-Key': ctx.get('Idempotency-Key') };
  return parse(z.object({ 'Idempotency-Key': idempotencyKey }), header)['Idempotency-Key'] || undefined;
}

/** The caller and its idempotency key: the caller owns the run and pays for it. */
export function readCaller(ctx: Context): Caller {
  return { idempotencyKey: readIdempotencyKey(ctx), tenant: ctx.state.tenant as string | undefined };
}
