/** Forks: lists the steps of a run that can be repeated, with their prompts, and starts the fork. */
import type { Alias, ForkRequest, RunGraph, TurnEdit, TurnPrompt } from '../../contract';
import type { ForkEditView } from '../../contract/input-replies';
import { call } from './api';
import { writeStageTitle } from './run-graph';

/** A person's changes to a step. */
export interface ForkDraft {
  from: string;
  system: string;
  instruction: string;
  alias: Alias | '';
}

export interface StepGroup {
  /** Name of the stage; empty in a run of one swarm. */
  stage: string;
  title: string;
  turns: TurnPrompt[];
}

/** Groups the steps by stage, in order of execution. Pure. */
export function groupSteps(turns: readonly TurnPrompt[], graph: RunGraph | undefined): StepGroup[] {
  const groups = Map.groupBy(turns, ({ place }) => place.stage?.id ?? '');
  return [...groups].map(([stage, own]) => ({
    stage,
    title: writeStageTitle(own[0]?.place.stage ?? null, graph),
    turns: own,
  }));
}

/** A draft without changes. It is empty for a stage, which has no prompt itself. */
export function makeDraft(from: string, turns: readonly TurnPrompt[]): ForkDraft {
  const known = turns.find(({ turn }) => turn === from);
  return { from, system: known?.system ?? '', instruction: '', alias: known?.alias ?? '' };
}

/** The edit that the draft describes; undefined if it changes nothing. Pure. */
export function makeEdit({ from, system, instruction, alias }: ForkDraft, turns: readonly TurnPrompt[]) {
  const known = turns.find(({ turn }) => turn === from);
  const edit: TurnEdit = {
    ...(system.trim() && system.trim() !== known?.system.trim() ? { system: system.trim() } : {}),
    ...(instruction.trim() ? { instruction: instruction.trim() } : {}),
    ...(alias && alias !== known?.alias ? { alias } : {}),
  };
  return Object.keys(edit).length > 0 ? edit : undefined;
}

/** Starts the fork; resolves to the new run's id. The key makes the request idempotent. */
export async function forkRun(runId: string, request: ForkRequest, key: string): Promise<string> {
  const { run_id } = await call<{ run_id: string }>(`/runs/${encodeURIComponent(runId)}/fork`, {
    method: 'POST',
    headers: { 'Idempotency-Key': key },
    body: request,
  });
  return run_id;
}

export interface EditedField {
  name: string;
  /** Empty if there was nothing, or if it is not known. */
  before: string;
  after: string;
}

const FIELDS = {
  system: 'System prompt',
  instruction: 'Extra instruction',
  alias: 'Model alias',
  temperature: 'Temperature',
  max_tokens: 'Token limit',
} as const;

/** What a fork has changed, field by field; empty for a retry. Pure. */
export function listEditedFields({ edit, replaced }: ForkEditView): EditedField[] {
  const before: Partial<Record<string, string>> = replaced ?? {};
  return Object.entries(FIELDS).flatMap(([field, name]) => {
    const after = edit?.[field as keyof typeof FIELDS];
    return after === undefined ? [] : [{ name, before: before[field] ?? '', after: String(after) }];
  });
}
