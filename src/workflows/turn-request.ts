/** Builds the request for a role's turn: definition and messages, with the changes of a fork or new guidance. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { AskedName, Fork, ForkEdit, PromptMessage, SwarmRunInput, TurnRequest } from '../contract';
import { isNamed, nameFirstTry } from '../contract/turn-names';
import type { TurnPlace, TurnYield } from '../contract/shapes';

/** Parameters of one turn. */
export interface Ask {
  /** The step's name in the pattern's graph. */
  step: string;
  /** Name of the turn, unique in the run's stage; default: the step's name, for a step with a single turn. */
  turn?: string;
  /** Round number of a step that repeats, from 1. */
  round?: number;
  /** What the turn produces instead of prose. */
  yields?: TurnYield;
  /** The number of the try: 2 or more after an interruption. */
  try?: number;
  /** Display name of this turn among the role's turns; absent if the role has only one. */
  part?: string;
  messages: PromptMessage[];
  withContext?: boolean;
  /** Override the role's definition, unless the caller set a value for the run. `maxTokens` can only lower the limit. */
  temperature?: number;
  maxTokens?: number;
  /** Tokens that an answer of a given form needs; applies even if the role's own limit is lower. */
  minTokens?: number;
  /** The structure that the answer will be parsed as. */
  structure?: AskedName;
}

/** A turn that a role is to take. */
export interface Invitation {
  role: string;
  ask: Ask;
}

type Turn = Pick<TurnRequest, 'turn' | 'place'>;

/** `findGuidance` returns the guidance to add to a turn. */
export function toRequest(
  input: SwarmRunInput,
  role: string,
  ask: Ask,
  findGuidance = (_turn: Turn) => '',
): TurnRequest {
  return forked(plainRequest(input, role, ask, findGuidance), input.fork);
}

/** The turn's name and label, and its place in the run. */
export function nameTurn({ swarm, stage }: Pick<SwarmRunInput, 'swarm' | 'stage'>, role: string, ask: Ask) {
  const { step, turn: name = step, part, round, yields } = ask;
  const turn = stage ? `${stage.id}/${name}` : name;
  const label = [swarm.roles[role]?.label ?? role, ...(part ? [part] : [])].join(', ');
  const more = { ...(round === undefined ? {} : { round }), ...(yields ? { yields } : {}) };
  const place: TurnPlace = { stage: pickStage(stage), step, ...more, try: 1 };
  return again({ turn, role, label, place }, ask.try ?? 1);
}

function pickStage(stage: SwarmRunInput['stage']): TurnPlace['stage'] {
  if (!stage) return null;
  const { id, plan, round, within } = stage;
  return { id, plan, round, ...(within ? { within } : {}) };
}

/** An interrupted turn restarts under a new name. */
function again<T extends Turn & { label: string }>(first: T, attempt: number): T {
  if (attempt === 1) return first;
  const { turn, label, place } = first;
  return {
    ...first,
    turn: `${turn}~${attempt}`,
    label: `${label}, ${attempt}${['nd', 'rd'][attempt - 2] ?? 'th'} try`,
    place: { ...place, try: attempt, retry_of: turn },
  };
}

/** In a forked run: applies the fork's edits to this turn, and adds the turn's recorded result. */
function forked(request: TurnRequest, fork: Fork | undefined): TurnRequest {
  if (!fork) return request;
  const { run_id, edits, recorded, context_of } = fork;
  const result = recorded[nameFirstTry(request)];
  const whole = { ...request, context_of, ...(result ? { recorded: { run_id, result } } : {}) };
  return edits.filter(({ from }) => isNamed(request, from)).reduce(edited, whole);
}

function edited(request: TurnRequest, { edit }: ForkEdit): TurnRequest {
  const { instruction, temperature, max_tokens, ...changes } = edit;
  // a new alias replaces the role's own list of models
  const { models, ...definition } = request.definition;
  return {
    ...request,
    definition: { ...definition, ...(models && !changes.alias ? { models } : {}), ...given(changes) },
    options: { ...request.options, ...given({ temperature, max_tokens }) },
    messages: append(request.messages, instruction && `\n\n${instruction}`),
  };
}

function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function plainRequest(input: SwarmRunInput, role: string, ask: Ask, findGuidance: (turn: Turn) => string): TurnRequest {
  const { run_id, session_id, team_id, swarm, options } = input;
  const found = swarm.roles[role];
  if (!found) throw ApplicationFailure.nonRetryable(`The swarm "${swarm.id}" has no role "${role}".`, 'INTERNAL');
  const { label: _label, ...own } = found;
  const definition = {
    ...own,
    ...(ask.temperature === undefined ? {} : { temperature: ask.temperature }),
    max_tokens: Math.max(ask.minTokens ?? 0, Math.min(ask.maxTokens ?? Infinity, found.max_tokens)),
  };
  const named = nameTurn(input, role, ask);
  return {
    run_id,
    session_id,
    team_id,
    ...named,
    definition,
    messages: append(remind(ask.messages, definition.reminder), findGuidance(named)),
    with_context: ask.withContext ?? false,
    ...(ask.structure ? { structure: ask.structure } : {}),
    options,
  };
}

/** Appends the role's reminder to the first message, which is the task. Later messages have their own closing instructions. */
function remind([task, ...more]: PromptMessage[], text: string | undefined): PromptMessage[] {
  return [...append(task ? [task] : [], text && `\n\n${text}`), ...more];
}

/** Appends text to the last message. */
function append(messages: PromptMessage[], text: string | undefined): PromptMessage[] {
  const last = messages[messages.length - 1];
  if (!text || !last) return messages;
  return [...messages.slice(0, -1), { ...last, parts: [...last.parts, text] }];
}
