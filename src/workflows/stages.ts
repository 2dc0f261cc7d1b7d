/** The stages of a run that several swarms share: each is a swarm at work on a brief, inside the same workflow. */
import { setCurrentDetails } from '@temporalio/workflow';
import type {
  PromptPart,
  StageResult,
  SwarmDefinition,
  SwarmResult,
  SwarmRunInput,
  TurnResult,
  Verdict,
} from '../contract';
import { partsOf } from './message';
import type { Steering } from './steering';
import { endsTheRun, failureOf } from './failures';
import type { Beginning } from './team';

/** A swarm at work, with or without stages of its own. */
export interface Work {
  /** What has been done so far, also when `lead` has thrown. */
  result(): WorkResult;
  lead(): Promise<WorkResult>;
}
export type WorkResult = SwarmResult & { stages?: StageResult[] };

/** Sets a swarm to work. */
export type Begin = (input: SwarmRunInput, beginning: Beginning, steering: Steering) => Work;

export interface StageOrder {
  name: string;
  round?: number;
  /** The id of one of the run's members. */
  swarm: string;
  brief: PromptPart[];
  /** What a person has written of the brief; the request of the run itself unless given. */
  request?: string;
  /** What the turn that concludes the stage is told on top. */
  closing?: string;
}

/** What came of a stage: the turn that concludes it, and all that its swarm did. */
export interface StageOutcome {
  answer: TurnResult;
  result: SwarmResult;
}

export class Stages {
  /** What the whole run works on. */
  readonly task: PromptPart[];
  /** What a person has written of it. */
  readonly request: string;
  private readonly done: SwarmResult = { turns: [], answers: [], failures: [] };
  private readonly stages: StageResult[] = [];

  constructor(
    readonly input: SwarmRunInput,
    private readonly beginning: Beginning,
    readonly steering: Steering,
    private readonly begin: Begin,
  ) {
    this.task = input.stage?.brief ?? partsOf(input);
    this.request = input.stage?.request ?? input.message;
  }

  result(): WorkResult {
    return { ...this.done, stages: this.stages };
  }

  /** Leads a swarm through a stage. */
  async lead(order: StageOrder): Promise<StageOutcome> {
    const work = this.begin(this.inputOf(order), this.beginning, this.steering);
    this.show(order);
    try {
      const result = await work.lead();
      const answer = result.turns.find(({ turn }) => turn === result.answers[result.answers.length - 1])!;
      this.stages.push(...(result.stages ?? []), { ...this.reportOf(order), answer: answer.turn });
      this.done.answers.push(answer.turn);
      if (result.verification) this.done.verification = result.verification;
      return { answer, result };
    } finally {
      const { turns, failures, unfinished = [], structures } = work.result();
      this.done.turns.push(...turns);
      this.done.failures.push(...failures);
      if (unfinished.length > 0) this.done.unfinished = [...(this.done.unfinished ?? []), ...unfinished];
      if (structures) this.done.structures = { ...this.done.structures, ...structures };
    }
  }

  /** As `lead`, but a failure is noted and the run goes on; undefined then. A cancellation still throws. */
  async tryLead(order: StageOrder): Promise<StageOutcome | undefined> {
    try {
      return await this.lead(order);
    } catch (error) {
      if (endsTheRun(error)) throw error;
      this.stages.push({ ...this.reportOf(order), answer: '', failure: failureOf(error) });
      return undefined;
    }
  }

  /** Notes what the last stage concluded. */
  conclude(verdict: Verdict): void {
    this.stages[this.stages.length - 1]!.verdict = verdict;
  }

  private inputOf({ name, swarm, brief, request = this.request, closing = '' }: StageOrder): SwarmRunInput {
    const { input } = this;
    const material = Object.fromEntries(this.done.turns.map(({ turn, text }) => [turn, text]));
    const stage = {
      name: this.fullName(name),
      brief,
      request,
      closing,
      models: this.beginning.models,
      material: { ...input.stage?.material, ...material },
    };
    return { ...input, team_id: swarm, swarm: this.member(swarm), stage };
  }

  private member(id: string): SwarmDefinition {
    const found = this.input.members?.[id];
    if (found) return found;
    throw new Error(`The run was started without the swarm "${id}" that one of its stages names.`);
  }

  private reportOf({ name, swarm, round = 0 }: StageOrder): Omit<StageResult, 'answer'> {
    return { stage: this.fullName(name), team_id: swarm, round };
  }

  private fullName(name: string): string {
    return this.input.stage ? `${this.input.stage.name}/${name}` : name;
  }

  private show({ name, swarm }: StageOrder): void {
    const done = this.stages.map(({ stage }) => stage).join(', ');
    setCurrentDetails(`**${name}** · ${this.member(swarm).name}\n\nDone: ${done || 'nothing yet'}`);
  }
}
