/** What a language must offer to be executed here: a program is prepared, then run step by step. */
import type { Check, CheckOrigin, SourceFile } from '../../contract/checks';

export interface Order {
  language: string;
  /** The first one is the main file. */
  files: SourceFile[];
  checks: Check[];
  ownTests: boolean;
}

/** One thing to be done: the loading of the program, or one check. */
export interface Step {
  name: string;
  origin: CheckOrigin;
  /** For a value: the text of what it should be, and the expression. The comparison is made outside. */
  expected?: string;
  source?: string;
  /** Set where values are written as JavaScript writes them. */
  javascript?: true;
  /** That value must be returned; otherwise it may be printed as well. */
  returned?: boolean;
  /** A statement of the main block: those after it build on it. */
  main?: boolean;
}

/** `refused`: the program could not even be compiled; `missing`: packages that are not here. */
export interface Plan {
  refused?: string;
  missing?: string[];
  steps: Step[];
}

/** What a program may ask of its surroundings, and finds nobody here to give. */
export type Lack =
  | 'keyboard input'
  | 'command-line arguments'
  | 'network'
  | 'threads'
  | 'processes'
  | 'time zones'
  | 'OpenSSL'
  // a name that Node or a browser would know
  | (string & {});

/**
 * `value` is the text of a step's value where it has one. After `memory` or `broken` the interpreter can't go on; `left` is the code
 * with which a program wanted to leave, and `skipped` is set where a test does not want to be run.
 */
export type StepOutcome =
  | { ended: true; value?: string }
  | { ended: false; error: string; last?: 'memory' | 'broken'; lack?: Lack; left?: string; skipped?: boolean };

export interface Engine {
  /** Compiles the program and its checks; nothing of it runs yet. */
  prepare(order: Order): Plan;
  /** Runs one step. */
  run(index: number): Promise<StepOutcome>;
  /** Steps for the tests that the program brings along, known once it is loaded. */
  discover(): Step[];
}

export type Write = (text: string) => void;
