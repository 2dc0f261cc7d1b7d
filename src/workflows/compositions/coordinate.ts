/** plan -> (a person approves) -> implement and verify -> review -> (implement -> review, while faults are found and rounds are left) */
import { VERDICT_REQUEST } from '../../contract/prompts';
import { readVerdict } from '../../contract/verdict';
import { describeChecks } from '../../contract/verification';
import type { PromptPart, TurnResult, Verdict, Verification } from '../../contract';
import { textOf } from '../message';
import type { StageOutcome, Stages } from '../stages';
import { stagesByName } from './by-name';

/** Left alone, plans name packages and servers that the task never asked for; code that needs them cannot be shown to work. */
const PURPOSE =
  '\n\n# What the plan is for\nA coder writes it as one program that is executed as it stands and tested by calling its functions: standard library only and data in memory, unless the task itself names a package or a database. Plan that program.';

/** A small model copies a plan with which its prompt ends. */
const BEGIN =
  '\n\n# What to write\nThe program that does what this plan describes, whole, in one code block, with its tests.';

/** One swarm plans, one implements that plan, one reviews that code. Each sees what it needs and no more. */
export async function coordinate(stages: Stages): Promise<void> {
  const { implement, review } = stagesByName(stages.input, ['plan', 'implement', 'review']);
  const { max_rounds = 1 } = stages.input;
  const planned = await approvedPlan(stages);
  let faults: Faults | undefined;
  for (let round = 0; round <= max_rounds; round++) {
    const code = await stages.lead({
      name: nameOf('implement', round),
      round,
      swarm: implement,
      brief: [
        ...['# Task\n', ...stages.task, '\n\n# Plan to implement\n', textOf(planned)],
        ...(faults ? briefOfFaults(faults) : [BEGIN]),
      ],
    });
    const reviewed = await stages.lead({
      name: nameOf('review', round),
      round,
      swarm: review,
      brief: [
        'Can this code be shipped? It was written for this task:\n',
        ...stages.task,
        '\n\n# Code\n',
        textOf(code.answer),
        ...briefOfExecution(code.result.verification),
      ],
      closing: VERDICT_REQUEST,
    });
    const verdict = hasFailed(code.result.verification) ? 'revise' : verdictOf(reviewed);
    stages.conclude(verdict);
    if (verdict === 'pass') return;
    faults = { code: code.answer, review: reviewed };
  }
}

/** A plan that is rejected is made again, with the reason, as often as a person rejects it. */
async function approvedPlan(stages: Stages): Promise<TurnResult> {
  const { plan } = stagesByName(stages.input, ['plan']);
  const asked = [...stages.task, PURPOSE];
  let brief = asked;
  for (let round = 0; ; round++) {
    const name = nameOf('plan', round);
    const { answer } = await stages.lead({ name, round, swarm: plan, brief });
    if (!stages.input.gates?.approve_plan) return answer;
    const { decision, reason } = await stages.steering.gates.ask(name, 'Shall this plan be implemented?', answer);
    if (decision === 'approved') return answer;
    brief = [...asked, '\n\n# Your last plan, which was rejected\n', textOf(answer), `\n\n# Why\n${reason}`];
  }
}

function nameOf(stage: string, round: number): string {
  return round === 0 ? stage : `${stage}-${round + 1}`;
}

/** What the review found as data decides; where the model could not write it, its verdict line does. */
function verdictOf({ answer, result }: StageOutcome): Verdict {
  return result.structures?.critic?.verdict ?? readVerdict(answer.text);
}

/** Code that does not run as it should is sent back, whatever its reviewers think. */
function hasFailed(verification: Verification | undefined): boolean {
  return verification !== undefined && verification.executed && !verification.passed;
}

/** Reviewers are told what happened, so that they need not guess. */
function briefOfExecution(verification: Verification | undefined): PromptPart[] {
  if (!verification?.executed) return [];
  const { checks } = verification;
  const failed = checks.filter(({ passed }) => !passed).map(({ name, error = '' }) => `\n- ${name}: ${error}`);
  return [`\n\n# Execution\nIt was executed: ${describeChecks(checks)}.${failed.join('')}`];
}

interface Faults {
  code: TurnResult;
  review: StageOutcome;
}

/** The faults as a list where there is one: the coder need not read a whole debate. */
function briefOfFaults(faults: Faults): PromptPart[] {
  const mustFix = faults.review.result.structures?.critic?.must_fix ?? [];
  const list = mustFix.map((fault, i) => `\n${i + 1}. ${fault}`).join('');
  return [
    '\n\n# Your code of the last round\n',
    textOf(faults.code),
    '\n\n# What its review says must be mended\n',
    list || textOf(faults.review.answer),
    '\n\nWrite the whole program again with the real faults mended.',
  ];
}
