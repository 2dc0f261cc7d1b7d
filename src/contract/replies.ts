/** What the API answers, as schemas: `GET /openapi.json` is made of them, and tests hold real replies against them. */
import { z } from 'zod';
import { checked, code, lineage, turnMeasures, usage } from './shapes';

const failure = z.object({ code, message: z.string() });
const lines = z.array(z.string());
/** The ids of a run. */
export const scope = { run_id: z.string(), session_id: z.string(), team_id: z.string() };
const runStatus = z.enum(['running', 'completed', 'failed', 'cancelled']);

/** Every error; beside it may stand the run that failed, and what it had finished. */
export const errorReply = z.looseObject({ error: failure, detail: z.string() });

const speaker = { turn: z.string(), role: z.string(), label: z.string() };
const turnFailure = z.object({ ...speaker, code, message: z.string() });
const turnResult = z.object({
  ...speaker,
  ...turnMeasures,
  text: z.string(),
  input_mark: z.string().optional(),
  generation_id: z.string().optional(),
});

const verification = z.object({
  turn: z.string(),
  language: z.string(),
  executed: z.boolean(),
  reason: z.string().optional(),
  missing: lines.optional(),
  avoidable: z.boolean().optional(),
  passed: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      origin: z.enum(['request', 'own', 'load']),
      passed: z.boolean(),
      error: z.string().optional(),
    }),
  ),
  output: z.string(),
  killed: checked.killed,
  ms: z.number(),
  rounds: z.number().int(),
  agreement: z
    .object({
      drafts: z.number().int(),
      agreeing: z.number().int(),
      calls: z.number().int(),
      failed: z.number().int().optional(),
    })
    .optional(),
});

const findings = ['security', 'data_integrity', 'logic_correctness', 'performance', 'usability', 'maintainability'];
export const conclusions = {
  plan: z.looseObject({ missing: lines, weak: lines }).optional(),
  debate: z.looseObject({ rounds: z.number().int(), agreement: z.array(z.number()), agreed: z.boolean() }).optional(),
  critic: z
    .object({
      verdict: z.enum(['pass', 'revise']),
      findings: z.object(Object.fromEntries(findings.map((name) => [name, lines]))),
      must_fix: lines,
      nice_to_have: lines,
      confidence_score: z.number(),
    })
    .optional(),
  judge: z
    .object({
      decision: z.enum(['accept', 'merge', 'reject']),
      rationale: lines,
      runner_instructions: lines,
      confidence_score: z.number(),
      quality_score: z.number(),
    })
    .optional(),
  unread: z.array(z.object({ name: z.string(), turn: z.string(), problem: z.string() })).optional(),
};

const answers = {
  responses: lines,
  answers: lines.describe('The turns whose texts the responses are.'),
  failures: z.array(turnFailure),
  usage,
  cost_usd: z.number().nullable(),
  verification: verification.nullable(),
  ...conclusions,
  stages: z
    .array(
      z.object({
        stage: z.string(),
        team_id: z.string(),
        round: z.number().int(),
        answer: z.string(),
        verdict: z.enum(['pass', 'revise']).optional(),
        failure: failure.optional(),
      }),
    )
    .optional(),
  results: z
    .record(
      z.string(),
      z.union([z.object({ content: z.string(), model: z.string(), team: z.string() }), z.object({ error: failure })]),
    )
    .optional(),
};

/** A run that completed while its caller waited. */
export const runReply = z.object({ ...scope, status: z.literal('complete'), turns: z.array(turnResult), ...answers });

/** A run that goes on. */
export const acceptedReply = z.object({ ...scope, status: z.literal('running'), events: z.string() });

const description = {
  ...scope,
  swarm_id: z.string(),
  status: runStatus,
  message: z.string(),
  started_at: z.iso.datetime(),
  ended_at: z.iso.datetime().nullable(),
  forked_from: lineage.nullable(),
  budget: z.object({ usd: z.number().nullable(), tokens: z.number().nullable() }),
};
export const runListReply = z.object({ runs: z.array(z.object(description)), next_page: z.string().nullable() });

/** A run with what is known of it so far; `responses` and what belongs to them once it has completed. */
export const runView = z.object({
  ...description,
  ...z.object(answers).partial().shape,
  failure: failure.optional(),
  turns: z.array(z.looseObject({ ...speaker, status: z.string(), model: z.string(), text: z.string() })),
  paused: z.boolean(),
  gates: z.array(
    z.object({
      gate: z.string(),
      question: z.string(),
      about: z.string().nullable(),
      opened_at: z.number(),
      status: z.enum(['open', 'approved', 'rejected']),
      reason: z.string().optional(),
      resolved_at: z.number().optional(),
    }),
  ),
  checks: z.array(
    z.object({
      ...z.object(checked).partial().shape,
      about: checked.about,
      language: checked.language,
      status: z.enum(['running', 'passed', 'failed']),
    }),
  ),
  guidance: z.array(z.object({ number: z.number().int(), content: z.string(), at: z.number() })),
  temporal_ui: z.string().optional(),
});

/** With what each turn was asked: what a fork may edit. */
export const promptsReply = z.object({
  run_id: z.string(),
  turns: z.array(z.object({ ...speaker, system: z.string(), alias: z.string().optional(), instructions: lines })),
});

export const forkReply = z.object({
  ...acceptedReply.shape,
  forked_from: lineage,
});
export const cancelReply = z.object({
  run_id: z.string(),
  accepted: z.boolean(),
  status: z.enum(['cancelling', ...runStatus.options]),
});
export const gateReply = z.object({
  run_id: z.string(),
  gate: z.string(),
  decision: z.enum(['approved', 'rejected']),
  reason: z.string(),
});
export const guidanceReply = z.object({ run_id: z.string(), interrupted: lines });
export const pauseReply = z.object({ run_id: z.string(), paused: z.boolean(), changed: z.boolean() });
