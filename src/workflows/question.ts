/** The question to a role: its own prompt with the task filled in, or the task as it is. */
import { fillTemplate } from '../contract/templates';
import type { PromptMessage, PromptPart } from '../contract';
import type { Opener } from './pattern';
import { user } from './team';

/** `values` are the template variables besides `task`. */
export function writeQuestion(
  { definition, task }: Opener,
  role: string,
  values: Readonly<Record<string, PromptPart[]>> = {},
): PromptMessage {
  const { prompt } = definition.roles[role] ?? {};
  return prompt === undefined ? user(...task) : user(...fillTemplate(prompt, { ...values, task }));
}
