/** What a role is asked: its definition, its messages, and what a fork or new guidance changes of them. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { Fork, ForkRequest, PromptMessage, SwarmRunInput, TurnRequest } from '../contract';
import { belongsTo } from '../contract/turn-ids';

/** How a role is asked to speak. */
export interface Ask {
  /** Name of the turn, unique in the run's stage. */
  turn: string;
  /** Which of the role's turns this is, for people; empty for its only one. */
  part?: string;
  messages: PromptMessage[];
  withContext?: boolean;
  /** In place of what the role's definition says, unless the caller set it for the run; the limit only ever lowers. */
  temperature?: number;
  maxTokens?: number;
  /** What an answer of a given form needs, also where the role's own limit is lower. */
  minTokens?: number;
}

/** `guidanceOf` answers what a turn is told on top. */
export function toRequest(
  input: SwarmRunInput,
  role: string,
  ask: Ask,
  guidanceOf = (_turn: string) => '',
): TurnRequest {
  return forked(plainRequest(input, role, ask, guidanceOf), input.fork);
}

/** In a forked run: with the edits where they hold, and with what the turn came to before. */
function forked(request: TurnRequest, fork: Fork | undefined): TurnRequest {
  if (!fork) return request;
  const { run_id, edits, recorded, context_of } = fork;
  const { turn } = request;
  const result = recorded[turn];
  const whole = { ...request, context_of, ...(result ? { recorded: { run_id, result } } : {}) };
  return edits.filter(({ from }) => belongsTo(turn, from)).reduce(edited, whole);
}

function edited(request: TurnRequest, { edit }: ForkRequest): TurnRequest {
  const { instruction, temperature, max_tokens, ...said } = edit;
  // another alias takes the place of the role's own list
  const { models, ...definition } = request.definition;
  return {
    ...request,
    definition: { ...definition, ...(models && !said.alias ? { models } : {}), ...given(said) },
    options: { ...request.options, ...given({ temperature, max_tokens }) },
    messages: append(request.messages, instruction && `\n\n${instruction}`),
  };
}

function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function plainRequest(input: SwarmRunInput, role: string, ask: Ask, guidanceOf: (turn: string) => string): TurnRequest {
  const { run_id, session_id, team_id, swarm, stage, options } = input;
  const found = swarm.roles[role];
  if (!found) throw ApplicationFailure.nonRetryable(`The swarm "${swarm.id}" has no role "${role}".`, 'INTERNAL');
  const definition = {
    ...found,
    ...(ask.temperature === undefined ? {} : { temperature: ask.temperature }),
    max_tokens: Math.max(ask.minTokens ?? 0, Math.min(ask.maxTokens ?? Infinity, found.max_tokens)),
  };
  const turn = stage ? `${stage.name}/${ask.turn}` : ask.turn;
  return {
    run_id,
    session_id,
    team_id,
    turn,
    role,
    label: ask.part ? `${definition.label}, ${ask.part}` : definition.label,
    definition,
    messages: append(remind(ask.messages, definition.reminder), guidanceOf(turn)),
    with_context: ask.withContext ?? false,
    options,
  };
}

/** The same ask after an interruption, under a name of its own. */
export function again(ask: Ask, round: number): Ask {
  const part = `${round}${['nd', 'rd'][round - 2] ?? 'th'} try`;
  return { ...ask, turn: `${ask.turn}~${round}`, part: ask.part ? `${ask.part}, ${part}` : part };
}

/** Says something again after the task, which comes first. What else there is to read or to answer has an end of its own. */
function remind([task, ...more]: PromptMessage[], text: string | undefined): PromptMessage[] {
  return [...append(task ? [task] : [], text && `\n\n${text}`), ...more];
}

/** Says something at the end of the last message. */
function append(messages: PromptMessage[], text: string | undefined): PromptMessage[] {
  const last = messages[messages.length - 1];
  if (!text || !last) return messages;
  return [...messages.slice(0, -1), { ...last, parts: [...last.parts, text] }];
}
