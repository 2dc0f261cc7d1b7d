/**
 * plan -> implement -> review -> (implement -> review, while the review finds faults and rounds are left), each stage a child workflow.
 * Runs that began so end so; new ones are led by `compositions/coordinate.ts`.
 */
import { executeChild, setCurrentDetails } from '@temporalio/workflow';
import { VERDICT_REQUEST } from '../contract/prompts';
import { readVerdict } from '../contract/verdict';
import type {
  CoordinateInput,
  ModelNames,
  PromptPart,
  RunResult,
  StageResult,
  SwarmDefinition,
  SwarmResult,
  TurnResult,
} from '../contract';
import { runStage } from './run-swarm';
import { wholeRun } from './whole-run';

/** Workflow. The strategic swarm plans, the coding swarm implements that plan, the debate swarm reviews that code. */
export async function coordinate(input: CoordinateInput): Promise<RunResult> {
  return wholeRun(input, undefined, ({ models }) => new Coordination(input, models));
}

interface StageOrder {
  name: string;
  round: number;
  swarm: SwarmDefinition;
  brief: PromptPart[];
  closing?: string;
  needs: TurnResult[];
}

class Coordination {
  private readonly done: SwarmResult = { turns: [], answers: [], failures: [] };
  private readonly stages: StageResult[] = [];

  constructor(
    private readonly input: CoordinateInput,
    private readonly models: ModelNames,
  ) {}

  result(): SwarmResult {
    return this.done;
  }

  async lead(): Promise<SwarmResult & { stages: StageResult[] }> {
    const { plan, implement, review, message, max_rounds } = this.input;
    const task = `# Task\n${message}`;
    const planned = await this.stage({ name: 'plan', round: 0, swarm: plan, brief: [message], needs: [] });
    let faults: { code: TurnResult; review: TurnResult } | undefined;
    for (let round = 0; round <= max_rounds; round++) {
      const brief: PromptPart[] = [task, '\n\n# Plan to implement\n', { turn: planned.turn }, ...briefOfFaults(faults)];
      const needs = faults ? [planned, faults.code, faults.review] : [planned];
      const code = await this.stage({ name: nameOf('implement', round), round, swarm: implement, brief, needs });
      const reviewed = await this.stage({
        name: nameOf('review', round),
        round,
        swarm: review,
        brief: [`Can this code be shipped? It was written for this task:\n${message}\n\n# Code\n`, { turn: code.turn }],
        closing: VERDICT_REQUEST,
        needs: [code],
      });
      if (this.judge(reviewed) === 'pass') break;
      faults = { code, review: reviewed };
    }
    return { ...this.done, stages: this.stages };
  }

  /** Runs a stage as a child workflow; resolves to the turn that concludes it. */
  private async stage({ name, round, swarm, brief, closing = '', needs }: StageOrder): Promise<TurnResult> {
    const { run_id, session_id, message, options } = this.input;
    setCurrentDetails(
      `**${name}** · ${swarm.name}\n\nDone: ${this.stages.map(({ stage }) => stage).join(', ') || 'nothing yet'}`,
    );
    const material = Object.fromEntries(needs.map(({ turn, text }) => [turn, text]));
    const stage = { name, brief, request: message, closing, material, models: this.models };
    const { turns, answers, failures } = await executeChild(runStage, {
      workflowId: `${run_id}.${name}`,
      args: [{ run_id, session_id, team_id: swarm.id, swarm, message, options, stage }],
      staticSummary: `${name} · ${swarm.name}`,
    });
    this.done.turns.push(...turns);
    this.done.failures.push(...failures);
    const concluding = turns.find(({ turn }) => turn === answers[answers.length - 1])!;
    this.done.answers.push(concluding.turn);
    this.stages.push({ stage: name, team_id: swarm.id, round, answer: concluding.turn });
    return concluding;
  }

  private judge(review: TurnResult) {
    const verdict = readVerdict(review.text);
    this.stages[this.stages.length - 1]!.verdict = verdict;
    return verdict;
  }
}

function nameOf(stage: string, round: number): string {
  return round === 0 ? stage : `${stage}-${round + 1}`;
}

function briefOfFaults(faults: { code: TurnResult; review: TurnResult } | undefined): PromptPart[] {
  if (!faults) return [];
  return [
    '\n\n# Your code of the last round\n',
    { turn: faults.code.turn },
    '\n\n# What its review says\n',
    { turn: faults.review.turn },
    '\n\nWrite the whole program again with the real faults mended.',
  ];
}
