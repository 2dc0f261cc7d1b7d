/** What the inside tells its parent, in this order; it may fall silent at any point. */
import type { Plan, Step, StepOutcome } from './engine';

export type News =
  | { kind: 'warm' }
  | { kind: 'plan'; plan: Plan }
  | { kind: 'own'; steps: Step[] }
  | { kind: 'step'; index: number; outcome: StepOutcome }
  | { kind: 'output'; text: string }
  | { kind: 'done' };

/** The exit code of a child whose program wrote too much: by then a message might wait behind the output. */
export const OUTPUT_OVERRUN = 86;
