/** A swarm at work inside a workflow: it lets roles speak, remembers what they said, and shows where the run stands. */
import { ApplicationFailure, isCancellation, rootCause, setCurrentDetails } from '@temporalio/workflow';
import { isFailureCode, type Failure } from '../contract/failures';
import type {
  Fork,
  ForkRequest,
  ModelNames,
  Opening,
  PromptMessage,
  PromptPart,
  SwarmDefinition,
  SwarmResult,
  SwarmRunInput,
  Structures,
  TurnRequest,
  TurnResult,
} from '../contract';
import { restoreRun, restoreTexts, takeTurn } from './activities';
import { partsOf, textsOf } from './message';
import { INTERRUPTED, Steering } from './steering';

/** How a role is asked to speak. */
export interface Ask {
  /** Name of the turn, unique in the run's stage. */
  turn: string;
  /** Which of the role's turns this is, for people; empty for its only one. */
  part?: string;
  messages: PromptMessage[];
  withContext?: boolean;
}

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
  /** Lets a role speak; resolves when its turn is finished. */
  speak(role: string, ask: Ask): Promise<TurnResult>;
  /** As `speak`, but a failure is noted and the run goes on; undefined then. A cancellation still throws. */
  trySpeak(role: string, ask: Ask): Promise<TurnResult | undefined>;
  /** Notes a turn that the pattern itself has ended, in a run that goes on without it. */
  note(role: string, ask: Ask, failure: Failure): void;
  /** Adds to what the run concluded. */
  conclude(structures: Structures): void;
  result(answers: string[]): SwarmResult;
}

export const user = (...parts: PromptPart[]): PromptMessage => ({ role: 'user', parts });
export const assistant = (...parts: PromptPart[]): PromptMessage => ({ role: 'assistant', parts });
/** The text of a finished turn, by reference. */
export const textOf = ({ turn, text }: Pick<TurnResult, 'turn' | 'text'>): PromptPart => ({
  turn,
  length: text.length,
});

export function createTeam(input: SwarmRunInput, { models, opening }: Beginning, steering = new Steering(input)): Team {
  const { swarm, stage } = input;
  const turns: TurnResult[] = [];
  const failures: SwarmResult['failures'] = [];
  let structures: Structures | undefined;
  const show = createBoard(swarm.name);

  /** A turn that is stopped for new guidance begins again under a name of its own; what it had said stays, marked as stopped. */
  async function speak(role: string, ask: Ask): Promise<TurnResult> {
    for (let round = 1; ; round++) {
      await steering.ready();
      const request = toRequest(input, role, round === 1 ? ask : again(ask, round), steering.spoken());
      const { turn, label } = request;
      show(label, 'speaking');
      const result = await steering.interruptible(turn, () => call(request));
      if (result === INTERRUPTED) {
        failures.push({
          turn,
          role,
          label,
          code: 'INTERRUPTED',
          message: 'Stopped for new guidance, and begun again.',
        });
        show(label, 'stopped for new guidance');
        continue;
      }
      steering.spend(result.cost_usd);
      turns.push(result);
      show(label, `${result.model}, ${result.usage.completion_tokens} tokens`);
      return result;
    }
  }

  async function call(request: TurnRequest): Promise<TurnResult> {
    if (opening && turns.length === 0) request.opening = opening;
    const model = models[request.definition.alias] ?? request.definition.alias;
    return callModel(request, model, () => restore(input, opening, turns));
  }

  function note(role: string, ask: Ask, failure: Failure): void {
    const { turn, label } = toRequest(input, role, ask, '');
    failures.push({ turn, role, label, ...failure });
    show(label, `failed: ${failure.code}`);
  }

  return {
    definition: swarm,
    task: stage?.brief ?? partsOf(input),
    closing: stage?.closing ?? '',
    speak,
    async trySpeak(role, ask) {
      try {
        return await speak(role, ask);
      } catch (error) {
        if (endsTheRun(error)) throw error;
        note(role, ask, failureOf(error));
        return undefined;
      }
    },
    note,
    conclude: (more) => void (structures = { ...structures, ...more }),
    result: (answers) => ({ turns, answers, failures, ...(structures ? { structures } : {}) }),
  };
}

/** Takes a turn; what Redis lost meanwhile is put back, and it is taken again. */
async function callModel(request: TurnRequest, model: string, restoreAll: () => Promise<void>): Promise<TurnResult> {
  const take = () => takeTurn.executeWithOptions({ summary: `${request.label} · ${model}` }, [request]);
  return take().catch(async (error: unknown) => {
    if (failureOf(error).code !== 'TEXT_LOST') throw error;
    await restoreAll();
    return take();
  });
}

/** Writes again what Redis has lost, from the workflow's own record. */
async function restore(input: SwarmRunInput, opening: Opening | undefined, turns: TurnResult[]): Promise<void> {
  const { run_id, session_id, team_id, stage } = input;
  const material = { ...textsOf(input), ...stage?.material };
  if (opening) return restoreRun({ scope: { run_id, session_id, team_id }, opening, turns, texts: material });
  const said = Object.fromEntries(turns.map(({ turn, text }) => [turn, text]));
  await restoreTexts(run_id, { ...material, ...said });
}

/** Shows in the Temporal Web UI who speaks and who has spoken. */
function createBoard(title: string): (label: string, state: string) => void {
  const progress = new Map<string, string>();
  return (label, state) => {
    progress.set(label, state);
    setCurrentDetails(`**${title}**\n\n${[...progress].map(([who, what]) => `- ${who}: ${what}`).join('\n')}`);
  };
}

function toRequest(input: SwarmRunInput, role: string, ask: Ask, guidance: string): TurnRequest {
  return forked(plainRequest(input, role, ask, guidance), input.fork);
}

/** In a forked run: with the edits where they hold, and with what the turn came to before. */
function forked(request: TurnRequest, fork: Fork | undefined): TurnRequest {
  if (!fork) return request;
  const { run_id, edits, recorded, context_of } = fork;
  const { turn } = request;
  const result = recorded[turn];
  const whole = { ...request, context_of, ...(result ? { recorded: { run_id, result } } : {}) };
  return edits.filter(({ from }) => turn === from || turn.startsWith(`${from}/`)).reduce(edited, whole);
}

function edited(request: TurnRequest, { edit }: ForkRequest): TurnRequest {
  const { instruction, temperature, max_tokens, ...said } = edit;
  return {
    ...request,
    definition: { ...request.definition, ...given(said) },
    options: { ...request.options, ...given({ temperature, max_tokens }) },
    messages: append(request.messages, instruction && `\n\n${instruction}`),
  };
}

function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function plainRequest(input: SwarmRunInput, role: string, ask: Ask, guidance: string): TurnRequest {
  const { run_id, session_id, team_id, swarm, stage, options } = input;
  const definition = swarm.roles[role];
  if (!definition) throw ApplicationFailure.nonRetryable(`The swarm "${swarm.id}" has no role "${role}".`, 'INTERNAL');
  return {
    run_id,
    session_id,
    team_id,
    turn: stage ? `${stage.name}/${ask.turn}` : ask.turn,
    role,
    label: ask.part ? `${definition.label}, ${ask.part}` : definition.label,
    definition,
    messages: append(append(ask.messages, definition.reminder && `\n\n${definition.reminder}`), guidance),
    with_context: ask.withContext ?? false,
    options,
  };
}

function again(ask: Ask, round: number): Ask {
  const part = `${round}${['nd', 'rd'][round - 2] ?? 'th'} try`;
  return { ...ask, turn: `${ask.turn}~${round}`, part: ask.part ? `${ask.part}, ${part}` : part };
}

/** Says something at the end of the last message. */
function append(messages: PromptMessage[], text: string | undefined): PromptMessage[] {
  const last = messages[messages.length - 1];
  if (!text || !last) return messages;
  return [...messages.slice(0, -1), { ...last, parts: [...last.parts, text] }];
}

/** Codes after which no later turn may cost anything: a person has refused it, or the money is gone. */
const NO_FURTHER_COST = ['APPROVAL_REFUSED', 'BUDGET_EXHAUSTED'];

/** Whether a run must not go on without what failed: it is cancelled, or nothing more may be spent. */
export function endsTheRun(error: unknown): boolean {
  return isCancellation(error) || NO_FURTHER_COST.includes(failureOf(error).code);
}

/** Our code and sentence for whatever ended a step. */
export function failureOf(error: unknown): Failure {
  const cause = rootCause(error);
  const failure = error instanceof Error ? deepestApplicationFailure(error) : undefined;
  const code = isFailureCode(failure?.type) ? failure.type : 'INTERNAL';
  return { code, message: failure?.message ?? cause ?? 'Unknown failure' };
}

function deepestApplicationFailure(error: Error): ApplicationFailure | undefined {
  let found: ApplicationFailure | undefined;
  for (let next: unknown = error; next instanceof Error; next = next.cause) {
    if (next instanceof ApplicationFailure) found = next;
  }
  return found;
}
