/** What a role is asked where its definition says so: its own prompt around the task, or the task as it is. */
import { fillTemplate } from '../contract/templates';
import type { PromptMessage, PromptPart } from '../contract';
import { user, type Team } from './team';

/** `values` are the variables beside `task`. */
export function questionOf(
  { definition, task }: Team,
  role: string,
  values: Readonly<Record<string, PromptPart[]>> = {},
): PromptMessage {
  const { prompt } = definition.roles[role] ?? {};
  return prompt === undefined ? user(...task) : user(...fillTemplate(prompt, { ...values, task }));
}
