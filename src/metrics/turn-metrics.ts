/**
 * Turn metrics of this process, named after OpenTelemetry's semantic conventions for generative AI where they define a name, in
 * Prometheus' spelling. They define none for money, waits and retries.
 */
import { Counter, Histogram, Registry } from 'prom-client';
import type { RunEvent } from '../contract';

type Labels = 'gen_ai_response_model' | 'gen_ai_provider_name' | 'swarm';
const LABELS: Labels[] = ['gen_ai_response_model', 'gen_ai_provider_name', 'swarm'];
const MODEL_AND_SWARM = ['gen_ai_response_model', 'swarm'] as const;

/** Bucket boundaries recommended by the conventions. */
const DURATION_SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144];

export interface TurnMetrics {
  registry: Registry;
  /** Counts an event that has just been written. `spoke` is the model that the attempt announced last. */
  count(event: RunEvent, spoke: string | undefined): void;
}

type Completed = Extract<RunEvent, { type: 'turn.completed' }>;

export function createTurnMetrics(): TurnMetrics {
  const registry = new Registry();
  const instruments = createInstruments(registry);
  return { registry, count: (event, spoke = '') => countEvent(instruments, event, spoke) };
}

type Instruments = ReturnType<typeof createInstruments>;

function createInstruments(registry: Registry) {
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter<Label>({ name, help, labelNames: [...labelNames], registers: [registry] });
  const histogram = <Label extends string>(name: string, help: string, labelNames: Label[], buckets: number[]) =>
    new Histogram<Label>({ name, help, labelNames, buckets, registers: [registry] });
  const cost = counter(
    'murmuration_cost_usd_total',
    'Cost of turns, also of those without an answer, US dollars.',
    LABELS,
  );
  const unpriced = counter('murmuration_turns_unpriced_total', 'Turns whose cost nobody knows.', LABELS);
  const tokens = counter('murmuration_tokens_total', 'Tokens of turns.', [...LABELS, 'gen_ai_token_type']);
  const usage = histogram(
    'gen_ai_client_token_usage',
    'Tokens of a turn.',
    [...LABELS, 'gen_ai_token_type' as const],
    TOKENS,
  );
  const duration = histogram(
    'gen_ai_client_operation_duration_seconds',
    'From when a turn was scheduled to its end, waits and second attempts included.',
    LABELS,
    DURATION_SECONDS,
  );
  const firstToken = histogram(
    'gen_ai_client_operation_time_to_first_chunk_seconds',
    "From the last attempt's request to its first token.",
    LABELS,
    DURATION_SECONDS,
  );
  return { cost, unpriced, tokens, usage, duration, firstToken, ...createSetbacks(counter) };
}

type CreateCounter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) => Counter<Label>;

/** Metrics of problems. */
function createSetbacks(counter: CreateCounter) {
  const truncated = counter('murmuration_turns_truncated_total', 'Answers that were cut off, by what cut them off.', [
    ...LABELS,
    'by',
  ]);
  const failures = counter('murmuration_turn_failures_total', 'Turns that ended without an answer.', ['swarm', 'code']);
  const waits = counter('murmuration_turn_waits_total', 'Waits before another attempt, by what they are for.', [
    ...MODEL_AND_SWARM,
    'reason',
  ]);
  const fallbacks = counter('murmuration_turn_fallbacks_total', 'Turns that another model took over.', [
    ...MODEL_AND_SWARM,
    'to',
    'reason',
  ]);
  const resumes = counter('murmuration_turn_resumes_total', 'Attempts that went on where a text stopped.', [
    ...MODEL_AND_SWARM,
  ]);
  const restarts = counter('murmuration_turn_restarts_total', 'Attempts that dropped a text and started again.', [
    ...MODEL_AND_SWARM,
  ]);
  return { truncated, failures, waits, fallbacks, resumes, restarts };
}

function countCompleted(instruments: Instruments, event: Completed): void {
  const { cost, unpriced, tokens, usage, duration, firstToken, truncated } = instruments;
  // no model was called
  if (event.cached || event.reused_from) return;
  const labels = {
    gen_ai_response_model: event.model,
    gen_ai_provider_name: event.gateway,
    swarm: event.team_id,
  };
  if (event.cost_usd === null) unpriced.inc(labels);
  else cost.inc(labels, event.cost_usd);
  for (const [gen_ai_token_type, count] of [
    ['input', event.usage.prompt_tokens],
    ['output', event.usage.completion_tokens],
  ] as const) {
    tokens.inc({ ...labels, gen_ai_token_type }, count);
    usage.observe({ ...labels, gen_ai_token_type }, count);
  }
  if (event.truncated) truncated.inc({ ...labels, by: event.shortened_by ? 'budget' : 'limit' });
  duration.observe(labels, event.duration_ms / 1000);
  if (event.first_token_ms !== null) firstToken.observe(labels, event.first_token_ms / 1000);
}

function countEvent(instruments: Instruments, event: RunEvent, spoke: string): void {
  const { cost, failures, waits, fallbacks, resumes, restarts } = instruments;
  const by = { gen_ai_response_model: spoke, swarm: event.team_id };
  switch (event.type) {
    case 'turn.completed':
      return countCompleted(instruments, event);
    case 'turn.failed':
      failures.inc({ swarm: event.team_id, code: event.code });
      if (event.cost_usd) cost.inc({ ...by, gen_ai_provider_name: '' }, event.cost_usd);
      return;
    case 'turn.waiting':
      return waits.inc({ ...by, reason: event.reason });
    case 'turn.rerouted':
      return fallbacks.inc({ ...by, gen_ai_response_model: event.from, to: event.to, reason: event.reason });
    case 'turn.resumed':
      return resumes.inc(by);
    case 'turn.restarted':
      return restarts.inc(by);
  }
}
