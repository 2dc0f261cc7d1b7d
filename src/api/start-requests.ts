/** Converts a caller's order to the input of the workflow. */
import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { MESSAGE_PART_LENGTH } from '../contract/names';
import { findPattern } from '../workflows/registry';
import { splitText } from '../contract/payloads';
import type { GateOptions, StartRequest, CompositionStrategy, SwarmDefinition, TurnOptions } from '../contract';

/** What a caller wants to start. */
export interface Order extends StartRequest {
  swarm_id: string;
  max_rounds: number;
  /** For `coordinate`: whether a person must approve the plan. */
  approve_plan?: boolean | null | undefined;
  /** For `multi`: the teams that answer, and the strategy. */
  teams?: string[];
  strategy?: CompositionStrategy;
  /** Whether a reviewer's findings are returned as data. */
  reviews_as_data?: boolean;
  /** The name of the caller's API key; undefined if no keys are configured. */
  tenant?: string | undefined;
  /** The caller's `Idempotency-Key`. */
  idempotencyKey?: string | undefined;
}

/** The budget limits of every run in US dollars, tokens and model calls; an absent field is unlimited. */
export interface RunBudget {
  usd?: number | undefined;
  tokens?: number | undefined;
  calls?: number | undefined;
}

/** The run's budget for its memo: what the caller requested, capped by the limits of every run. */
export function budgetNotes({ budget_usd, budget_tokens, budget_calls }: Order, most: RunBudget) {
  const usd = least(budget_usd, most.usd);
  const tokens = least(budget_tokens, most.tokens);
  const calls = least(budget_calls, most.calls);
  return {
    ...(usd ? { budget_usd: usd } : {}),
    ...(tokens ? { budget_tokens: tokens } : {}),
    ...(calls ? { budget_calls: calls } : {}),
  };
}

/** The run's tags for its memo, each once. */
export function tagNotes({ tags }: Order): { tags?: string[] } {
  return tags && tags.length > 0 ? { tags: [...new Set(tags)] } : {};
}

function least(...limits: (number | null | undefined)[]): number | undefined {
  const given = limits.flatMap((limit) => limit ?? []);
  return given.length > 0 ? Math.min(...given) : undefined;
}

/** A part shares the input of a workflow with the definitions of swarms. Bytes. */
const MESSAGE_PART_BYTES = 1_200_000;

/** Splits a message into the parts in which it is sent; one part, unless it is too long for a workflow's input. */
export function split(message: string): string[] {
  const count = Math.max(1, Math.ceil(message.length / MESSAGE_PART_LENGTH));
  const parts = Array.from({ length: count }, (_, i) =>
    message.slice(i * MESSAGE_PART_LENGTH, (i + 1) * MESSAGE_PART_LENGTH),
  );
  // control characters take six bytes each in JSON
  return parts.flatMap((part) => splitText(part, MESSAGE_PART_BYTES));
}

/** The caller's options for all turns of the run. */
export function turnOptions(order: Order): TurnOptions {
  const { temperature, max_tokens, budget_usd, budget_tokens, budget_calls, cache, tenant } = order;
  return {
    ...(typeof temperature === 'number' ? { temperature } : {}),
    ...(typeof max_tokens === 'number' ? { max_tokens } : {}),
    ...(typeof budget_usd === 'number' ? { budget_usd } : {}),
    ...(typeof budget_tokens === 'number' ? { budget_tokens } : {}),
    ...(typeof budget_calls === 'number' ? { budget_calls } : {}),
    ...(cache === 'ok' ? { cache } : {}),
    ...(tenant ? { tenant } : {}),
  };
}

/** The points at which the run waits for approval. */
export function gateOptions({ approve_plan, approve_above_usd }: Order): GateOptions {
  return {
    ...(approve_plan ? { approve_plan } : {}),
    ...(typeof approve_above_usd === 'number' ? { approve_above_usd } : {}),
  };
}

/** A swarm with the caller's changes. */
export function orderedSwarm(swarm: SwarmDefinition, { drafts }: Order): SwarmDefinition {
  const { pattern } = swarm;
  const takesDrafts = findPattern(pattern)?.options?.(z).shape.drafts !== undefined;
  return drafts && takesDrafts ? { ...swarm, [pattern]: { ...(swarm[pattern] as object | undefined), drafts } } : swarm;
}

/** The caller and its idempotency key. */
export type Caller = Pick<Order, 'idempotencyKey' | 'tenant'>;

/**
 * The suffix of a run id: deterministic for one key of one caller, otherwise random. Keys of different callers never collide; `scope` holds
 * further values to which a key applies.
 */
export function makeIdSuffix({ idempotencyKey, tenant }: Caller, ...scope: string[]): string {
  if (!idempotencyKey) return randomUUID();
  return hash([tenant, ...scope, idempotencyKey].filter(Boolean).join('\n')).slice(0, 32);
}

/** SHA-256, hexadecimal. */
export const hash = (text: string) => createHash('sha256').update(text).digest('hex');

/** Identifies equal requests; the session counts only if the caller named one. */
export function fingerprint(order: Order): string {
  const { swarm_id, message, session_id, temperature, max_tokens, max_rounds } = order;
  const { approve_plan, approve_above_usd, teams, strategy, budget_usd, budget_tokens, cache, drafts } = order;
  const { session_policy, budget_calls, tags } = order;
  return hash(
    JSON.stringify([
      ...[swarm_id, message, session_id ?? null, temperature ?? null, max_tokens ?? null, max_rounds],
      // requests without these fields must keep the fingerprint of earlier versions
      ...whereGiven([approve_plan || null, approve_above_usd, teams, strategy]),
      ...whereGiven([budget_usd, budget_tokens, cache]),
      ...whereGiven([drafts]),
      ...(session_policy ? [{ session_policy }] : []),
      ...(budget_calls ? [{ budget_calls }] : []),
      ...(tags && tags.length > 0 ? [{ tags }] : []),
    ]),
  );
}

function whereGiven(fields: unknown[]): unknown[] {
  return fields.some((field) => field !== null && field !== undefined) ? fields.map((field) => field ?? null) : [];
}
