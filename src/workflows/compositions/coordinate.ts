/** plan -> (approval by a person) -> implement and verify -> review -> (implement -> review, until it passes or rounds run out) */
import { VERDICT_REQUEST } from '../../contract/prompts';
import { readVerdict } from '../../answers/verdict';
import { describeChecks } from '../../contract/verification';
import type { PromptPart, SwarmRunInput, TurnResult, Verdict, Verification } from '../../contract';
import { toTextReference } from '../message';
import type { Composition } from '../pattern';
import type { StageOrder } from '../stage-input';
import type { StageOutcome, Stages } from '../stages';
import { stagesByName } from './by-name';

/** Without this, plans name packages and servers that the task does not ask for, and code that needs them cannot be verified. */
const PURPOSE =
  '\n\n# What the plan is for\nA coder writes it as one program that is executed as it stands and tested by calling its functions: standard library only and data in memory, unless the task itself names a package or a database. Plan that program.';

/** Follows the plan, because a small model copies a plan that ends its prompt. */
const BEGIN =
  '\n\n# What to write\nThe program that does what this plan describes, whole, in one code block, with its tests.';

const TITLES: Record<string, string> = { plan: 'Plan', implement: 'Implement', review: 'Review' };

export const coordinate: Composition = {
  name: 'coordinate',
  listStages: ({ stages = [] }, { approve_plan }) =>
    stages.map(({ name, swarm }) => ({
      ...{ name, swarm, title: TITLES[name] ?? name },
      ...(name === 'review' ? { givesVerdict: true } : {}),
      ...(name === 'plan' && approve_plan ? { asksApproval: true } : {}),
    })),
  open: ({ task, input }) => [orderPlan(input, [...task, PURPOSE], 0)],
  lead,
};

function orderPlan(input: SwarmRunInput, brief: PromptPart[], round: number): StageOrder {
  return { name: 'plan', round, swarm: stagesByName(input, ['plan']).plan, brief };
}

/** One swarm plans, one implements the plan, one reviews the code. Each sees only what it needs. */
async function lead(stages: Stages): Promise<void> {
  const { implement, review } = stagesByName(stages.input, ['plan', 'implement', 'review']);
  const { max_rounds = 1 } = stages.input;
  const planned = await approvedPlan(stages);
  let faults: Faults | undefined;
  for (let round = 0; round <= max_rounds; round++) {
    const code = await stages.lead({
      name: 'implement',
      round,
      swarm: implement,
      brief: [
        ...['# Task\n', ...stages.task, '\n\n# Plan to implement\n', toTextReference(planned)],
        ...(faults ? briefOfFaults(faults) : [BEGIN]),
      ],
    });
    const reviewed = await stages.lead({
      name: 'review',
      round,
      swarm: review,
      brief: [
        'Can this code be shipped? It was written for this task:\n',
        ...stages.task,
        '\n\n# Code\n',
        toTextReference(code.answer),
        ...briefOfExecution(code.result.verification),
      ],
      closing: VERDICT_REQUEST,
    });
    const verdict = hasFailed(code.result.verification) ? 'revise' : readStageVerdict(reviewed);
    stages.conclude(verdict);
    if (verdict === 'pass') return;
    faults = { code: code.answer, review: reviewed };
  }
}

/** Requests a plan until a person approves it. Each rejection, with its reason, leads to a new plan. No limit. */
async function approvedPlan(stages: Stages): Promise<TurnResult> {
  const asked = [...stages.task, PURPOSE];
  let brief = asked;
  for (let round = 0; ; round++) {
    const { answer } = await stages.lead(orderPlan(stages.input, brief, round));
    if (!stages.input.gates?.approve_plan) return answer;
    const { decision, reason } = await stages.steering.gates.ask(
      answer.place.stage?.id ?? 'plan',
      'Approve this plan?',
      answer,
    );
    if (decision === 'approved') return answer;
    brief = [...asked, '\n\n# Your last plan, which was rejected\n', toTextReference(answer), `\n\n# Why\n${reason}`];
  }
}

/** The verdict of the review's structured data; if the model could not write that, the verdict line of its text. */
function readStageVerdict({ answer, result }: StageOutcome): Verdict {
  return result.structures?.critic?.verdict ?? readVerdict(answer.text);
}

/** Code that fails its execution is sent back, whatever the review says. */
function hasFailed(verification: Verification | undefined): boolean {
  return verification !== undefined && verification.executed && !verification.passed;
}

/** Tells reviewers the result of the execution, so that they need not guess it. */
function briefOfExecution(verification: Verification | undefined): PromptPart[] {
  if (!verification?.executed) return [];
  const { checks } = verification;
  const failed = checks.filter(({ passed }) => !passed).map(({ name, error = '' }) => `\n- ${name}: ${error}`);
  return [`\n\n# Execution\nIt was executed: ${describeChecks(verification)}.${failed.join('')}`];
}

interface Faults {
  code: TurnResult;
  review: StageOutcome;
}

/** The list of faults if there is one, so that the coder need not read a whole debate; otherwise the review's text. */
function briefOfFaults(faults: Faults): PromptPart[] {
  const mustFix = faults.review.result.structures?.critic?.must_fix ?? [];
  const list = mustFix.map((fault, i) => `\n${i + 1}. ${fault}`).join('');
  return [
    '\n\n# Your code of the last round\n',
    toTextReference(faults.code),
    '\n\n# What its review says must be mended\n',
    list || toTextReference(faults.review.answer),
    '\n\nWrite the whole program again with the real faults mended.',
  ];
}
