/** Prompts with variables such as `{{task}}`; `\{{` is an escaped brace. Part of the workflow bundle. */
import type { PromptPart } from './turns';

/** Escaped braces, or a variable with optional white space around its name. */
const MARK = /\\\{\{|\{\{([^{}]*)\}\}/g;

/** The names of a template's variables, without duplicates. */
export function listTemplateVariables(template: string): string[] {
  return [...new Set([...template.matchAll(MARK)].flatMap(([, name]) => name?.trim() ?? []))];
}

/** Why nothing that fills a variable can have this name, if it is one of those that have a value anyway; undefined if it can. */
export function findVariableFault(name: string, taken: readonly string[]): string | undefined {
  return taken.includes(name) ? `"${name}" is the name of a variable` : undefined;
}

/** The parts of a template with its variables filled in. A variable without a value is omitted: definitions are validated when read. */
export function fillTemplate(template: string, values: Readonly<Record<string, PromptPart[]>>): PromptPart[] {
  const parts: PromptPart[] = [];
  let end = 0;
  for (const { 0: mark, 1: name, index } of template.matchAll(MARK)) {
    parts.push(template.slice(end, index), ...(name === undefined ? ['{{'] : (values[name.trim()] ?? [])));
    end = index + mark.length;
  }
  return [...parts, template.slice(end)].filter((part) => part !== '');
}
