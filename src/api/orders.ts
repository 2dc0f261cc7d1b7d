/** What a caller wants to be started, in the terms of the workflow that does it. */
import { createHash, randomUUID } from 'node:crypto';
import { MESSAGE_PART_LENGTH } from '../contract/names';
import type { GateOptions, StartRequest, Strategy, SwarmDefinition, TurnOptions } from '../contract';

/** What a caller wants to be started. */
export interface Order extends StartRequest {
  swarm_id: string;
  max_rounds: number;
  /** For `coordinate`: whether a person must approve the plan. */
  approve_plan?: boolean | null | undefined;
  /** For `multi`: who answers, and how. */
  teams?: string[];
  strategy?: Strategy;
  /** Whether what a reviewer found is told as data. */
  reviews_as_data?: boolean;
  /** The name of the caller's API key; undefined where none is needed. */
  tenant?: string | undefined;
  /** The caller's `Idempotency-Key`. */
  idempotencyKey?: string | undefined;
}

/** What a run may use, US dollars and tokens; what is not given is not limited. */
export interface Budget {
  usd?: number | undefined;
  tokens?: number | undefined;
}

/** The run's budget as its memo notes it: what the caller asked for, and no more than every run may use. */
export function budgetNotes({ budget_usd, budget_tokens }: Order, most: Budget) {
  const usd = least(budget_usd, most.usd);
  const tokens = least(budget_tokens, most.tokens);
  return { ...(usd ? { budget_usd: usd } : {}), ...(tokens ? { budget_tokens: tokens } : {}) };
}

function least(...limits: (number | null | undefined)[]): number | undefined {
  const given = limits.flatMap((limit) => limit ?? []);
  return given.length > 0 ? Math.min(...given) : undefined;
}

/** A message in the parts in which it travels; one, unless it is too long for a workflow's input. */
export function split(message: string): string[] {
  const count = Math.max(1, Math.ceil(message.length / MESSAGE_PART_LENGTH));
  return Array.from({ length: count }, (_, i) => message.slice(i * MESSAGE_PART_LENGTH, (i + 1) * MESSAGE_PART_LENGTH));
}

/** What the caller set for all turns of the run. */
export function turnOptions({ temperature, max_tokens, budget_usd, budget_tokens, cache, tenant }: Order): TurnOptions {
  return {
    ...(typeof temperature === 'number' ? { temperature } : {}),
    ...(typeof max_tokens === 'number' ? { max_tokens } : {}),
    ...(typeof budget_usd === 'number' ? { budget_usd } : {}),
    ...(typeof budget_tokens === 'number' ? { budget_tokens } : {}),
    ...(cache === 'ok' ? { cache } : {}),
    ...(tenant ? { tenant } : {}),
  };
}

/** Where the run stops to ask. */
export function gateOptions({ approve_plan, approve_above_usd }: Order): GateOptions {
  return {
    ...(approve_plan ? { approve_plan } : {}),
    ...(typeof approve_above_usd === 'number' ? { approve_above_usd } : {}),
  };
}

/** A swarm as the caller wants it at work. */
export function orderedSwarm(swarm: SwarmDefinition, { drafts }: Order): SwarmDefinition {
  return drafts && swarm.pattern === 'build' ? { ...swarm, build: { ...swarm.build, drafts } } : swarm;
}

/** Who asks, and under which key. */
export type Caller = Pick<Order, 'idempotencyKey' | 'tenant'>;

/**
 * What ends the id of a run: under one key of one caller always the same, else by chance. The keys of one caller are nobody else's;
 * `scope` is what else a key holds for.
 */
export function suffixOf({ idempotencyKey, tenant }: Caller, ...scope: string[]): string {
  if (!idempotencyKey) return randomUUID();
  return hash([tenant, ...scope, idempotencyKey].filter(Boolean).join('\n')).slice(0, 32);
}

/** SHA-256, hexadecimal. */
export const hash = (text: string) => createHash('sha256').update(text).digest('hex');

/** What makes two requests the same; the session counts only where the caller named one. */
export function fingerprint(order: Order): string {
  const { swarm_id, message, session_id, temperature, max_tokens, max_rounds } = order;
  const { approve_plan, approve_above_usd, teams, strategy, budget_usd, budget_tokens, cache, drafts } = order;
  const { session_policy } = order;
  return hash(
    JSON.stringify([
      ...[swarm_id, message, session_id ?? null, temperature ?? null, max_tokens ?? null, max_rounds],
      // requests without these must keep the mark that earlier versions gave them
      ...whereGiven([approve_plan || null, approve_above_usd, teams, strategy]),
      ...whereGiven([budget_usd, budget_tokens, cache]),
      ...whereGiven([drafts]),
      ...(session_policy ? [{ session_policy }] : []),
    ]),
  );
}

function whereGiven(fields: unknown[]): unknown[] {
  return fields.some((field) => field !== null && field !== undefined) ? fields.map((field) => field ?? null) : [];
}
