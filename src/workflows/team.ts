/** A swarm at work inside a workflow: it lets roles speak, remembers what they said, and shows where the run stands. */
import { ApplicationFailure, isCancellation, rootCause, setCurrentDetails } from '@temporalio/workflow';
import { isFailureCode, type Failure } from '../contract/failures';
import type {
  ModelNames,
  PromptMessage,
  PromptPart,
  SwarmResult,
  SwarmRunInput,
  TurnRequest,
  TurnResult,
} from '../contract';
import { restoreTexts, takeTurn } from './activities';

/** How a role is asked to speak. */
export interface Ask {
  /** Name of the turn, unique in the run's stage. */
  turn: string;
  /** Which of the role's turns this is, for people; empty for its only one. */
  part?: string;
  messages: PromptMessage[];
  withContext?: boolean;
}

export interface Team {
  /** The message, or the stage's brief. */
  readonly task: PromptPart[];
  /** What the concluding turn is told on top; empty for a run of its own. */
  readonly closing: string;
  /** Lets a role speak; resolves when its turn is finished. */
  speak(role: string, ask: Ask): Promise<TurnResult>;
  /** As `speak`, but a failure is noted and the run goes on; undefined then. A cancellation still throws. */
  trySpeak(role: string, ask: Ask): Promise<TurnResult | undefined>;
  result(answers: string[]): SwarmResult;
}

export const user = (...parts: PromptPart[]): PromptMessage => ({ role: 'user', parts });
export const assistant = (...parts: PromptPart[]): PromptMessage => ({ role: 'assistant', parts });
/** The text of a finished turn, by reference. */
export const textOf = ({ turn }: Pick<TurnResult, 'turn'>): PromptPart => ({ turn });

export function createTeam(input: SwarmRunInput, models: ModelNames): Team {
  const { swarm, stage } = input;
  const turns: TurnResult[] = [];
  const failures: SwarmResult['failures'] = [];
  const progress = new Map<string, string>();

  function show(label: string, state: string): void {
    progress.set(label, state);
    setCurrentDetails(`**${swarm.name}**\n\n${[...progress].map(([who, what]) => `- ${who}: ${what}`).join('\n')}`);
  }

  async function speak(role: string, ask: Ask): Promise<TurnResult> {
    const request = toRequest(input, role, ask);
    const summary = `${request.label} · ${models[request.definition.alias] ?? request.definition.alias}`;
    show(request.label, 'speaking');
    const call = () => takeTurn.executeWithOptions({ summary }, [request]);
    const turn = await call().catch(async (error: unknown) => {
      if (failureOf(error).code !== 'TEXT_LOST') throw error;
      await restoreTexts(input.run_id, {
        ...stage?.material,
        ...Object.fromEntries(turns.map((said) => [said.turn, said.text])),
      });
      return call();
    });
    turns.push(turn);
    show(request.label, `${turn.model}, ${turn.usage.completion_tokens} tokens`);
    return turn;
  }

  return {
    task: stage?.brief ?? [input.message],
    closing: stage?.closing ?? '',
    speak,
    async trySpeak(role, ask) {
      try {
        return await speak(role, ask);
      } catch (error) {
        if (isCancellation(error)) throw error;
        const { turn, label } = toRequest(input, role, ask);
        const failure = failureOf(error);
        failures.push({ turn, role, label, ...failure });
        show(label, `failed: ${failure.code}`);
        return undefined;
      }
    },
    result: (answers) => ({ turns, answers, failures }),
  };
}

function toRequest(input: SwarmRunInput, role: string, ask: Ask): TurnRequest {
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
    messages: remind(ask.messages, definition.reminder),
    with_context: ask.withContext ?? false,
    options,
  };
}

function remind(messages: PromptMessage[], reminder: string | undefined): PromptMessage[] {
  const last = messages[messages.length - 1];
  if (!reminder || !last) return messages;
  return [...messages.slice(0, -1), { ...last, parts: [...last.parts, `\n\n${reminder}`] }];
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
