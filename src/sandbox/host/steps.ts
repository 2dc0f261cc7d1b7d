/** The steps of a program's execution: the requests to the child, and the expected values, which stay in the parent. */
import type { Check, CheckOrigin } from '../../contract/checks';
import type { GuestInterpreter } from './commands';
import type { OwnTest } from '../guest/engine';
import type { Request } from '../guest/protocol';
import { readAssertion, type Equation } from './python-assertion';
import { splitStatements } from './python-syntax';

type StepRequest = Extract<Request, { kind: 'load' | 'check' | 'test' }>;

export interface TestStep {
  name: string;
  origin: CheckOrigin;
  /** Run in order; the step passes if all of them do. */
  parts: readonly [Part, ...Part[]];
  /** A statement of the main block, which later ones depend on. */
  main?: boolean;
}

export interface Part {
  request: StepRequest;
  /** The expected value; a part without one only has to complete. */
  expectation?: Expectation;
  /** Requested after the actual value is known, if the expected value is a constant that only the language itself can evaluate. */
  constant?: StepRequest;
}

export interface Expectation {
  /** The expected value in the notation of the language. */
  expected: string;
  /** The source of the expression. */
  source: string;
  interpreter: GuestInterpreter;
  /** Whether the value must be returned; otherwise it may also be printed. */
  isReturned: boolean;
}

export const LOAD: TestStep = { name: 'the program loads', origin: 'load', parts: [{ request: { kind: 'load' } }] };

/** The expected value of a check stays in the parent: the child receives only the expression. */
export function planCheck({ name, code, expected }: Check, interpreter: GuestInterpreter): TestStep {
  const step = { name, origin: 'request' } as const;
  if (expected !== undefined) {
    const expectation = { expected, source: code.trim(), interpreter, isReturned: false };
    return { ...step, parts: [{ request: { kind: 'check', mode: 'value', code }, expectation }] };
  }
  const [first, ...others] = interpreter === 'python' ? planStatements(code) : [];
  return { ...step, parts: first ? [first, ...others] : [{ request: { kind: 'check', mode: 'statement', code } }] };
}

export function planTest({ name, main }: OwnTest, index: number): TestStep {
  return { name, origin: 'own', parts: [{ request: { kind: 'test', index } }], ...(main ? { main } : {}) };
}

/** Consecutive statements without a comparison are run together. */
function planStatements(code: string): Part[] {
  const parts: Part[] = [];
  let waiting: string[] = [];
  const flush = () => {
    if (waiting.length > 0) parts.push({ request: { kind: 'check', mode: 'statement', code: waiting.join('\n') } });
    waiting = [];
  };
  for (const statement of splitStatements(code)) {
    const { equation, explained = statement } = readAssertion(statement) ?? {};
    if (equation) flush();
    if (equation) parts.push(planEquation(equation));
    else waiting.push(explained);
  }
  flush();
  return parts;
}

function planEquation({ expression: source, constant: expected, isLiteral }: Equation): Part {
  return {
    request: { kind: 'check', mode: 'value', code: source },
    expectation: { expected, source, interpreter: 'python', isReturned: true },
    ...(isLiteral ? {} : { constant: { kind: 'check', mode: 'value', code: expected } }),
  };
}
