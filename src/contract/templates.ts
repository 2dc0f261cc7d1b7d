/** Prompts with variables, `{{task}}` for one; `\{{` stands for the braces themselves. Part of the workflow bundle. */
import type { PromptPart } from './turns';

/** Braces that are meant, or a variable. */
const MARK = /\\\{\{|\{\{\s*([^{}]*?)\s*\}\}/g;

/** The names of a template's variables, each once. */
export function variablesOf(template: string): string[] {
  return [...new Set([...template.matchAll(MARK)].flatMap(([, name]) => name ?? []))];
}

/** The parts of a template with its variables filled in. One without a value is left out: definitions are checked when they are read. */
export function fillTemplate(template: string, values: Readonly<Record<string, PromptPart[]>>): PromptPart[] {
  const parts: PromptPart[] = [];
  let end = 0;
  for (const { 0: mark, 1: name, index } of template.matchAll(MARK)) {
    parts.push(template.slice(end, index), ...(name === undefined ? ['{{'] : (values[name] ?? [])));
    end = index + mark.length;
  }
  return [...parts, template.slice(end)].filter((part) => part !== '');
}
