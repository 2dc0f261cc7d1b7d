/** Request fields that models reject, shared by all workers: one hash per model, one rule per field. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fieldRule, type FieldRule } from '../contract/field-rules';
import type { RedisConnection } from './connect';
import { refusedFieldsKey } from './keys';

const kept = z.object({
  rule: fieldRule,
  /** Unix epoch, milliseconds. */
  until: z.number(),
});

/** How long a rule holds. A model may later accept what it rejects now; the field is then tried again, and a rejection costs nothing. */
const RULE_TTL_MS = 3_600_000;

/** How long rules that were read are used without reading them again. */
const FRESH_MS = 5000;

/** A rule holds for `ttlMs`. */
export function createFieldMemory(redis: RedisConnection, ttlMs = RULE_TTL_MS, freshMs = FRESH_MS) {
  const read = new Map<string, { rules: FieldRule[]; until: number }>();
  return {
    /** Returns the rules that apply to a model; none if Redis fails, in which case the model simply rejects the field again. */
    async recall(name: string): Promise<FieldRule[]> {
      const known = read.get(name);
      if (known && known.until > Date.now()) return known.rules;
      const values = await redis.hvals(refusedFieldsKey(name)).catch(() => []);
      const rules = values.flatMap((value) => parse(value));
      read.set(name, { rules, until: Date.now() + freshMs });
      return rules;
    },

    async keep(name: string, rules: readonly FieldRule[]): Promise<void> {
      const until = Date.now() + ttlMs;
      const entries = rules.flatMap((rule) => [buildRuleId(rule), JSON.stringify({ rule, until })]);
      read.delete(name);
      const key = refusedFieldsKey(name);
      await redis
        .multi()
        .hset(key, ...entries)
        .pexpire(key, ttlMs)
        .exec();
    },
  };
}

function buildRuleId({ field, value, most }: FieldRule): string {
  if (most !== undefined) return `${field}:most`;
  const text = value === undefined ? '' : JSON.stringify(value);
  return `${field}:${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

function parse(json: string): FieldRule[] {
  try {
    const { data } = kept.safeParse(JSON.parse(json));
    return data && data.until > Date.now() ? [data.rule] : [];
  } catch {
    return [];
  }
}
