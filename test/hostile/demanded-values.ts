/** The examples in a request for a program: two calls of f, and the value that both must return. */
import type { Chance } from '../support/chance';

export interface Demanded {
  arguments: [number, number];
  value: number;
}

export function drawDemanded(chance: Chance): Demanded {
  const first = 2 + chance.below(500);
  return { arguments: [first, first + 1 + chance.below(500)], value: 1009 + chance.below(1_000_000) };
}

type Form = (call: string, value: number) => string;

export const PYTHON_FORMS: readonly Form[] = [
  (call, value) => `assert ${call} == ${value}`,
  (call, value) => `>>> ${call}\n${value}`,
  (call, value) => `${call} == ${value}`,
];
export const JAVASCRIPT_FORMS: readonly Form[] = [
  (call, value) => `${call} === ${value}`,
  (call, value) => `expect(${call}).toBe(${value})`,
  (call, value) => `${call} // => ${value}`,
];

export function writeRequest(language: string, form: Form, demanded: Demanded): string {
  const examples = demanded.arguments.map((argument) => form(`f(${argument})`, demanded.value));
  return [`Write a function f(x) in ${language}.`, ...examples].join('\n');
}
