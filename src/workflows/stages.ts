/** The stages of a composition's run. Each stage is a swarm that works on a brief inside the same workflow. */
import type { PromptPart, StageResult, SwarmResult, SwarmRunInput, TurnResult, Verdict } from '../contract';
import { isCancellation } from '@temporalio/workflow';
import { endSection } from './board';
import { makeStageInput, nameStage, placeStage, toStageTask, type StageOrder, type StageTask } from './stage-input';
import type { Steering } from './steering';
import { endsTheRun, describeFailure } from './failures';
import type { Beginning } from './team';

/** A running swarm, with or without its own stages. */
export interface Work {
  /** The result so far; also available after `lead` has thrown. */
  result(): WorkResult;
  lead(): Promise<WorkResult>;
}
export type WorkResult = SwarmResult & { stages?: StageResult[] };

/** Prepares a swarm to run. */
export type Begin = (input: SwarmRunInput, beginning: Beginning, steering: Steering) => Work;

/** The outcome of a stage: its concluding turn, and the swarm's whole result. */
export interface StageOutcome {
  answer: TurnResult;
  result: SwarmResult;
}

/** The record of one stage; without an answer if it failed. */
interface Led {
  name: string;
  stages: StageResult[];
  answer?: string;
}

export class Stages implements StageTask {
  readonly task: PromptPart[];
  readonly request: string;
  private readonly done: Omit<SwarmResult, 'answers'> = { turns: [], failures: [] };
  /** The record of each stage that ran; nested stages come before the stage that contains them. */
  private readonly led: Led[] = [];

  constructor(
    readonly input: SwarmRunInput,
    private readonly beginning: Beginning,
    readonly steering: Steering,
    private readonly begin: Begin,
  ) {
    ({ task: this.task, request: this.request } = toStageTask(input));
  }

  result(): WorkResult {
    const answers = this.led.flatMap(({ answer }) => answer ?? []);
    return { ...this.done, answers, stages: this.led.flatMap(({ stages }) => stages) };
  }

  /** Runs a swarm as a stage. */
  async lead(order: StageOrder): Promise<StageOutcome> {
    const work = this.begin(this.makeInput(order), this.beginning, this.steering);
    try {
      const result = await work.lead();
      const answer = result.turns.find(({ turn }) => turn === result.answers[result.answers.length - 1])!;
      const stages = [...(result.stages ?? []), { ...this.describeStage(order), answer: answer.turn }];
      this.led.push({ name: order.name, stages, answer: answer.turn });
      if (result.verification) this.done.verification = result.verification;
      endSection(nameStage(this.input, order), 'done');
      return { answer, result };
    } catch (error) {
      endSection(
        nameStage(this.input, order),
        isCancellation(error) ? 'cancelled' : `failed (${describeFailure(error).code})`,
      );
      throw error;
    } finally {
      const { turns, failures, unfinished = [], structures } = work.result();
      this.done.turns.push(...turns);
      this.done.failures.push(...failures);
      if (unfinished.length > 0) this.done.unfinished = [...(this.done.unfinished ?? []), ...unfinished];
      if (structures) this.done.structures = { ...this.done.structures, ...structures };
    }
  }

  /** As `lead`, but a failure is recorded and resolves to undefined. A cancellation still throws. */
  async tryLead(order: StageOrder): Promise<StageOutcome | undefined> {
    try {
      return await this.lead(order);
    } catch (error) {
      if (endsTheRun(error)) throw error;
      const stages = [{ ...this.describeStage(order), answer: '', failure: describeFailure(error) }];
      this.led.push({ name: order.name, stages });
      return undefined;
    }
  }

  /** Sorts stages that ran in parallel by the order of these names. */
  sort(names: readonly string[]): void {
    this.led.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
  }

  /** Records the verdict of the last stage. */
  conclude(verdict: Verdict): void {
    this.led.at(-1)!.stages.at(-1)!.verdict = verdict;
  }

  private makeInput(order: StageOrder): SwarmRunInput {
    const material = Object.fromEntries(this.done.turns.map(({ turn, text }) => [turn, text]));
    return makeStageInput(this.input, order, material);
  }

  private describeStage(order: StageOrder): Omit<StageResult, 'answer'> {
    const { id, within } = placeStage(this.input, order);
    return { stage: id, team_id: order.swarm, ...(within ? { within } : {}), round: order.round ?? 0 };
  }
}
