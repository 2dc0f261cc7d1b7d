/** Forks: which steps of a run can be asked again, with which prompt, and starting the run that does it. */
import type { Alias, ForkRequest, TurnEdit, TurnPrompt } from '../../contract';
import { call } from './api';
import { stageOf, titleOf } from './picture';

/** `GET /runs/:id/prompts`. */
export interface Prompts {
  run_id: string;
  turns: TurnPrompt[];
}

/** What a person has written about a step. */
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

/** The steps by stage, in the order in which they were taken. Pure. */
export function stepsOf(turns: readonly TurnPrompt[]): StepGroup[] {
  const groups = Map.groupBy(turns, ({ turn }) => stageOf(turn));
  return [...groups].map(([stage, own]) => ({ stage, title: titleOf(stage), turns: own }));
}

/** A draft that changes nothing yet; of a stage, which has no prompt of its own, it is empty. */
export function draftOf(from: string, turns: readonly TurnPrompt[]): ForkDraft {
  const known = turns.find(({ turn }) => turn === from);
  return { from, system: known?.system ?? '', instruction: '', alias: known?.alias ?? '' };
}

/** What the draft changes; undefined while that is nothing. Pure. */
export function editOf({ from, system, instruction, alias }: ForkDraft, turns: readonly TurnPrompt[]) {
  const known = turns.find(({ turn }) => turn === from);
  const edit: TurnEdit = {
    ...(system.trim() && system.trim() !== known?.system.trim() ? { system: system.trim() } : {}),
    ...(instruction.trim() ? { instruction: instruction.trim() } : {}),
    ...(alias && alias !== known?.alias ? { alias } : {}),
  };
  return Object.keys(edit).length > 0 ? edit : undefined;
}

/** Starts the fork; resolves to the new run's id. The key makes a repeated request harmless. */
export async function forkRun(runId: string, request: ForkRequest, key: string): Promise<string> {
  const { run_id } = await call<{ run_id: string }>(`/runs/${encodeURIComponent(runId)}/fork`, {
    method: 'POST',
    headers: { 'Idempotency-Key': key },
    body: request,
  });
  return run_id;
}
