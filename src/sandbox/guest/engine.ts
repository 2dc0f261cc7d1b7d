/** The interface of a language engine: a program is prepared and loaded, then checked step by step. */
import type { SourceFile } from '../../contract/checks';

/** `refused`: the program does not compile; `missing`: packages that are not available. */
export interface ExecutionPlan {
  refused?: string;
  missing?: string[];
}

/** A check is an expression whose value is requested as text, or statements that must complete. */
export type Mode = 'value' | 'statement';

/** `main`: a statement of the main block, on which later ones depend. */
export interface OwnTest {
  name: string;
  main?: boolean;
}

/** Some of the program's own tests. `error`: why the remaining ones cannot be found. */
export interface Discovery {
  tests: OwnTest[];
  more: boolean;
  error?: string;
}

/** What a program may request from its environment that is not available in the sandbox. */
export type Lack =
  | 'keyboard input'
  | 'command-line arguments'
  | 'network'
  | 'threads'
  | 'processes'
  | 'time zones'
  | 'OpenSSL'
  // a name that is defined in Node or in a browser
  | (string & {});

/**
 * `value` is the text of a step's value, if it has one; `cut` is set if it is truncated. After `memory` or `broken` the interpreter cannot
 * continue; `left` is the exit code with which a program wanted to exit; `skipped` is set if a test skips itself.
 */
export type StepOutcome =
  | { ended: true; value?: string; cut?: boolean }
  | { ended: false; error: string; last?: 'memory' | 'broken'; lack?: Lack; left?: string; skipped?: boolean };

export interface Engine {
  /** Compiles the program without running any of it. */
  prepare(files: SourceFile[], ownTests: boolean): ExecutionPlan;
  load(): StepOutcome;
  /** Runs code in the main module of the program. */
  check(code: string, mode: Mode): StepOutcome;
  /** The next ones of the program's own tests; they are known once it is loaded. */
  discover(): Discovery;
  /** Runs one of the discovered tests. */
  test(index: number): StepOutcome;
}

export type Write = (text: string) => void;
