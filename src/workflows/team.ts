/** A swarm at work inside a workflow: it lets roles speak, remembers what they said, and shows where the run stands. */
import { setCurrentDetails } from '@temporalio/workflow';
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
import { restoreRun, restoreTexts } from './activities';
import { compare, execute } from './execution';
import { collectExpenses } from './expense';
import { collectFailures, endsTheRun, failureOf, undoesTheAnswer } from './failures';
import { partsOf, textsOf } from './message';
import { INTERRUPTED, Steering } from './steering';
import { Stopwatch } from './stopwatch';
import { callTurn, mustGoOn } from './stopped-turn';
import { again, toRequest, type Ask } from './turn-request';

export type { Ask };

/** Says what a speaker is at. */
export type Show = (label: string, state: string) => void;

const STOPPED: Failure = { code: 'INTERRUPTED', message: 'Stopped for new guidance, and begun again.' };

/** What a team begins with. `opening` is absent where the run is open already. */
export interface Beginning {
  models: ModelNames;
  opening?: Opening;
}

export interface Team {
  readonly definition: SwarmDefinition;
  /** The message, or the stage's brief. */
  readonly task: PromptPart[];
  /** What the concluding turn is told on top; empty for a run of its own. */
  readonly closing: string;
  /** Runs while a turn may not begin yet: the run is paused, or a person is asked. */
  readonly held: Readonly<Pick<Stopwatch, 'isRunning' | 'ms'>>;
  /** Whether what a reviewer found is asked for as data. */
  readonly reviewsAsData: boolean;
  /** Lets a role speak; resolves when its turn is finished. */
  speak(role: string, ask: Ask): Promise<TurnResult>;
  /** As `speak`, but a failure is noted and the run goes on; undefined then. A cancellation still throws. */
  trySpeak(role: string, ask: Ask): Promise<TurnResult | undefined>;
  /** As `trySpeak`, once the answer stands: it does so also where no further cost may be. */
  speakAfterwards(role: string, ask: Ask): Promise<TurnResult | undefined>;
  /** Notes a turn that the pattern itself has ended, in a run that goes on without it. */
  note(role: string, ask: Ask, failure: Failure): void;
  /** Adds to what the run concluded. */
  conclude(structures: Structures): void;
  /** Executes the code of a turn, with the request's examples as demands. */
  verify(turn: TurnResult): Promise<CheckReport>;
  /** Gives the programs of these turns the same calls, and says how far they agree. */
  compare(drafts: readonly TurnResult[]): Promise<Agreement>;
  /** Notes what executing the answer's code has shown. */
  verified(verification: Verification): void;
  result(answers: string[]): SwarmResult;
}

export const user = (...parts: PromptPart[]): PromptMessage => ({ role: 'user', parts });
export const assistant = (...parts: PromptPart[]): PromptMessage => ({ role: 'assistant', parts });

export function createTeam(input: SwarmRunInput, { models, opening }: Beginning, steering = new Steering(input)): Team {
  const turns: TurnResult[] = [];
  const expenses = collectExpenses((costUsd) => steering.allowance.spend(costUsd));
  const shown: Pick<SwarmResult, 'structures' | 'verification'> = {};
  const checks: TurnCheck[] = [];
  const held = new Stopwatch();
  const withTexts = keepTexts(() => restore(input, opening, turns, checks));
  const show = createBoard(input.swarm.name);
  const failures = collectFailures(input, show);

  /** A turn that is stopped for new guidance begins again under a name of its own; what it had said stays, marked as stopped. */
  async function speak(role: string, ask: Ask): Promise<TurnResult> {
    for (let round = 1; ; round++) {
      await held.until(steering.ready());
      const request = toRequest(input, role, round === 1 ? ask : again(ask, round), (id) => steering.spoken(id));
      const { turn, label } = request;
      show(label, 'speaking');
      const result = await steering.interruptible(turn, () => take(request));
      if (result !== INTERRUPTED) return result;
      if (turns.every((finished) => finished.turn !== turn)) failures.add({ turn, role, label, ...STOPPED });
      show(label, 'stopped for new guidance');
    }
  }

  /** A turn that was stopped too late to keep it from its end counts, though nothing follows from it. */
  async function take(request: TurnRequest): Promise<TurnResult> {
    const result = await call(request);
    steering.allowance.spend(result.cost_usd);
    turns.push(result);
    show(request.label, `${result.model}, ${result.usage.completion_tokens} tokens`);
    mustGoOn();
    return result;
  }

  async function call(request: TurnRequest): Promise<TurnResult> {
    if (opening && turns.length === 0) request.opening = opening;
    const taking = withTexts(() => callTurn(request, `${request.label} · ${nameOf(request.definition, models)}`));
    return taking.catch((error: unknown) => expenses.rethrow(request.turn, error));
  }

  return {
    definition: input.swarm,
    task: input.stage?.brief ?? partsOf(input),
    closing: input.stage?.closing ?? '',
    held,
    reviewsAsData: input.reviews_as_data ?? false,
    speak,
    trySpeak: (role, ask) => speak(role, ask).catch(failures.noteUnless(endsTheRun, role, ask)),
    speakAfterwards: (role, ask) => speak(role, ask).catch(failures.noteUnless(undoesTheAnswer, role, ask)),
    note: failures.note,
    verify: (turn) => withTexts(() => execute(input, turn, show)).then((report) => kept(checks, turn, report)),
    compare: (drafts) => withTexts(() => compare(input, drafts)),
    verified: (verification) => void (shown.verification = verification),
    conclude: (more) => void (shown.structures = { ...shown.structures, ...more }),
    result: (answers) => ({ turns, answers, failures: failures.told(), ...expenses.told(), ...shown }),
  };
}

/** Does what needs the texts of turns; what Redis lost meanwhile is put back, and it is done again. */
function keepTexts(restoreAll: () => Promise<void>) {
  return async function withTexts<T>(act: () => Promise<T>): Promise<T> {
    return act().catch(async (error: unknown) => {
      if (failureOf(error).code !== 'TEXT_LOST') throw error;
      await restoreAll();
      return act();
    });
  };
}

/** Writes again what Redis has lost, from the workflow's own record. */
async function restore(
  input: SwarmRunInput,
  opening: Opening | undefined,
  turns: TurnResult[],
  checks: TurnCheck[],
): Promise<void> {
  const { run_id, session_id, team_id, stage } = input;
  const material = { ...textsOf(input), ...stage?.material };
  if (opening) return restoreRun({ scope: { run_id, session_id, team_id }, opening, turns, checks, texts: material });
  const said = Object.fromEntries(turns.map(({ turn, text }) => [turn, text]));
  await restoreTexts(run_id, { ...material, ...said });
}

function kept(checks: TurnCheck[], { turn }: TurnResult, report: CheckReport): CheckReport {
  checks.push({ ...report, turn });
  return report;
}

/** The model that a role asks first, as far as it is known. */
function nameOf({ alias, models: own }: Role, models: ModelNames): string {
  return own?.[0] ?? (alias && models[alias]) ?? alias ?? '';
}

/** Shows in the Temporal Web UI who speaks and who has spoken. */
function createBoard(title: string): Show {
  const progress = new Map<string, string>();
  return (label, state) => {
    progress.set(label, state);
    setCurrentDetails(`**${title}**\n\n${[...progress].map(([who, what]) => `- ${who}: ${what}`).join('\n')}`);
  };
}
