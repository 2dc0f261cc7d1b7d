/** A running swarm inside a workflow: runs the roles' turns, keeps their results, and shows the run's progress. */
import type { Failure } from '../contract/failures';
import type {
  Agreement,
  CheckReport,
  ModelNames,
  Opening,
  PromptMessage,
  PromptPart,
  Role,
  SwarmDefinition,
  SwarmResult,
  SwarmRunInput,
  Structures,
  TurnCheck,
  TurnRequest,
  TurnResult,
  Verification,
} from '../contract';
import { nameFirstTry } from '../contract/turn-names';
import { isCancellation } from '@temporalio/workflow';
import { restoreRun } from './activities';
import { openSection, type Show } from './board';
import { compare, execute } from './execution';
import { collectPartialUsage } from './partial-usage';
import { collectFailures, endsTheRun, describeFailure } from './failures';
import { refuseLargeHistory } from './long-texts';
import { toPromptParts, collectTexts } from './message';
import { INTERRUPTED, STOPPED, type Steering } from './steering';
import { Stopwatch } from './stopwatch';
import { callTurn, mustGoOn } from './turn-cancellation';
import { nameTurn, toRequest, type Ask } from './turn-request';

export type { Ask, Show };

/** What a team needs to start. */
export interface Beginning {
  models: ModelNames;
  opening: Opening;
}

export interface Team {
  readonly definition: SwarmDefinition;
  /** The run's message, or the stage's brief. */
  readonly task: PromptPart[];
  /** Text to add to the prompt of the concluding turn; empty outside stages. */
  readonly closing: string;
  /** Whether the team runs as a stage, on texts of other turns. */
  readonly isStage: boolean;
  /** Runs while a turn must wait: the run is paused, or a person is asked for approval. */
  readonly held: Readonly<Pick<Stopwatch, 'isRunning' | 'ms'>>;
  /** Whether reviewers' findings are requested as structured data. */
  readonly reviewsAsData: boolean;
  /** Runs a turn of a role; resolves when it is finished. */
  speak(role: string, ask: Ask): Promise<TurnResult>;
  /** As `speak`, but a failure is recorded and resolves to undefined. Failures that end the run, such as a cancellation, still throw. */
  trySpeak(role: string, ask: Ask): Promise<TurnResult | undefined>;
  /** As `trySpeak`, for turns after the answer: only a cancellation throws, so a refused cost or exhausted budget keeps the answer. */
  speakAfterwards(role: string, ask: Ask): Promise<TurnResult | undefined>;
  /** Whether a turn, or a later try of it, has finished. */
  hasFinished(role: string, ask: Ask): boolean;
  /** Records the failure of a turn that the pattern itself has cancelled; the run continues. */
  note(role: string, ask: Ask, failure: Failure): void;
  /** Adds structures to the run's result. */
  conclude(structures: Structures): void;
  /** Executes the code of a turn; the request's examples are required checks. */
  verify(turn: TurnResult): Promise<CheckReport>;
  /** Makes the same calls to the programs of these turns, and returns how far they agree. */
  compare(drafts: readonly TurnResult[]): Promise<Agreement>;
  /** Records the verification of the answer's code. */
  verified(verification: Verification): void;
  result(answers: string[]): SwarmResult;
}

export const user = (...parts: PromptPart[]): PromptMessage => ({ role: 'user', parts });
export const assistant = (...parts: PromptPart[]): PromptMessage => ({ role: 'assistant', parts });

export function createTeam(input: SwarmRunInput, { models, opening }: Beginning, steering: Steering): Team {
  const turns: TurnResult[] = [];
  const partialUsage = collectPartialUsage((used) => steering.spend(used));
  const shown: Pick<SwarmResult, 'structures' | 'verification'> = {};
  const checks: TurnCheck[] = [];
  const held = new Stopwatch();
  const withTexts = keepTexts(() => restore(input, opening, turns, checks));
  const show = openSection(input.stage?.id ?? '', input.swarm.name);
  const failures = collectFailures(input, show);

  /** A turn interrupted by new guidance restarts under a new name. Its earlier text stays, marked as interrupted. */
  async function speak(role: string, ask: Ask): Promise<TurnResult> {
    for (let attempt = 1; ; attempt++) {
      await held.until(steering.ready());
      const request = toRequest(input, role, { ...ask, try: attempt }, (named) => steering.spoken(named));
      refuseLargeHistory();
      const { turn, label, place } = request;
      show(label, 'speaking');
      const result = await steering.interruptible(turn, () => take(request));
      if (result !== INTERRUPTED) return result;
      if (turns.every((finished) => finished.turn !== turn)) failures.add({ turn, role, label, place, ...STOPPED });
      show(label, 'stopped for new guidance');
    }
  }

  /** A turn that finished despite its cancellation is recorded, but the flow stops there. */
  async function take(request: TurnRequest): Promise<TurnResult> {
    const result = await call(request);
    steering.spend(result);
    turns.push(result);
    show(request.label, `${result.model}, ${result.usage.completion_tokens} tokens`);
    mustGoOn();
    return result;
  }

  async function call(request: TurnRequest): Promise<TurnResult> {
    if (turns.length === 0) request.opening = opening;
    const asked = { ...request, ...steering.spending.report() };
    const taking = withTexts(() => callTurn(asked, `${request.label} · ${nameModel(request.definition, models)}`));
    return taking.catch((error: unknown) => partialUsage.rethrow(request.turn, error));
  }

  return {
    definition: input.swarm,
    task: input.stage?.brief ?? toPromptParts(input),
    closing: input.stage?.closing ?? '',
    isStage: input.stage !== undefined,
    held,
    reviewsAsData: input.reviews_as_data ?? false,
    speak,
    trySpeak: (role, ask) => speak(role, ask).catch(failures.noteUnless(endsTheRun, role, ask)),
    speakAfterwards: (role, ask) => speak(role, ask).catch(failures.noteUnless(isCancellation, role, ask)),
    hasFinished: (role, ask) => turns.some((turn) => nameFirstTry(turn) === nameTurn(input, role, ask).turn),
    note: failures.note,
    verify: (turn) => withTexts(() => execute(input, turn, show)).then((report) => kept(checks, turn, report)),
    compare: (drafts) => withTexts(() => compare(input, drafts)),
    verified: (verification) => void (shown.verification = verification),
    conclude: (more) => void (shown.structures = { ...shown.structures, ...more }),
    result: (answers) => ({ turns, answers, failures: failures.list(), ...partialUsage.report(), ...shown }),
  };
}

/** Runs an operation that needs the texts of turns. If Redis has lost texts, restores them and runs it once more. */
function keepTexts(restoreAll: () => Promise<void>) {
  return async function withTexts<T>(act: () => Promise<T>): Promise<T> {
    return act().catch(async (error: unknown) => {
      if (describeFailure(error).code !== 'TEXT_LOST') throw error;
      await restoreAll();
      return act();
    });
  };
}

/** Restores what Redis has lost from the workflow's state. */
async function restore(
  input: SwarmRunInput,
  opening: Opening,
  turns: TurnResult[],
  checks: TurnCheck[],
): Promise<void> {
  const { run_id, session_id, team_id, stage } = input;
  const texts = { ...collectTexts(input), ...stage?.material };
  await restoreRun({ scope: { run_id, session_id, team_id }, opening, turns, checks, texts });
}

function kept(checks: TurnCheck[], { turn }: TurnResult, report: CheckReport): CheckReport {
  checks.push({ ...report, turn });
  return report;
}

/** The first model of a role, or its alias if the model is unknown. */
function nameModel({ alias, models: own }: Pick<Role, 'alias' | 'models'>, models: ModelNames): string {
  return own?.[0] ?? (alias && models[alias]) ?? alias ?? '';
}
