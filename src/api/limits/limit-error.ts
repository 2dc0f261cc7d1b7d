/** The error of a per-caller limit. It names the setting, so that the operator knows what to change. */
import type { CallerLimitName } from '../../config/caller-limits';
import { ApiError } from '../errors';

export interface LimitRefusal {
  setting: CallerLimitName;
  /** In the unit of the setting. */
  limit: number;
  /** What the caller has too much of, as a sentence without the final period. */
  message: string;
  /** Absent if waiting does not help. */
  retryAfterSeconds?: number;
}

export function limitError({ setting, limit, message, retryAfterSeconds }: LimitRefusal): ApiError {
  const sentence = `${message}: ${setting} is ${limit}.`;
  return new ApiError('CALLER_LIMIT', sentence, { limit: { setting, value: limit } }, retryAfterSeconds);
}

export const toMegabytes = (bytes: number) => Math.round((bytes / 1024 / 1024) * 100) / 100;
