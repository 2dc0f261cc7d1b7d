/** Builds a report from a child's answers. A step passes only if its end was received, and a program only if it was not killed. */
import type { CheckReport, CheckResult } from '../../contract/checks';
import { boundReport } from './bound-report';
import type { ChildEnd } from './child';
import type { Lack, ExecutionPlan, StepOutcome } from '../guest/engine';
import { isGiven } from '../guest/python-lacks';
import { shorten } from '../guest/shorten';
import { findFault, hasLeftWell, type StepFailure } from './judge';
import { Results } from './results';
import type { Part, TestStep } from './steps';

const OUTPUT_LIMIT = 8000;
/** Only this much of a program's output is searched for a usage message. UTF-16 units. */
const LONGEST_USAGE = 4000;
const USAGE = /^\s{0,20}usage\b/i;

/** Input that a function should take as a parameter if it is meant to be called. */
const ASKED_OF_PEOPLE: readonly Lack[] = ['keyboard input', 'command-line arguments'];
/** Input that a main block may use for interactive use, after any tests. */
const USED_BY_PEOPLE: readonly Lack[] = [...ASKED_OF_PEOPLE, 'network'];

const NOT_REACHED = 'It was not reached.';
const KILLED = {
  time: 'It took too long and was killed.',
  memory: 'It took too much memory and was killed.',
  output: 'It wrote too much and was killed.',
};

/** Tracks one child step by step. */
export class Reporter {
  private readonly results = new Results();
  /** Known steps that have not started. */
  private waiting: TestStep[] = [];
  private underWay: TestStep | undefined;
  /** The parts of the current step that have not finished. */
  private parts: readonly Part[] = [];
  private refusal: string | undefined;
  private missing: string[] = [];
  private isExhausted = false;
  /** Set when the main block has requested something that is unavailable here: the rest of it is not a test. */
  private hasMainEnded = false;
  /** Whether tests outside the main block have been run. */
  private hasTests = false;
  private output = '';
  /** The output of the current step. */
  private printed = '';

  constructor(private readonly isDemanded: boolean) {}

  /** Whether the program can be run. */
  acceptPlan({ refused, missing = [] }: ExecutionPlan): boolean {
    this.refusal = refused;
    this.missing = missing;
    return refused === undefined && missing.length === 0;
  }

  announce(steps: readonly TestStep[]): void {
    this.waiting.push(...steps);
  }

  /** The next part to run: of the current step, or the first one of the next step. */
  begin(): Part | undefined {
    if (this.parts.length === 0) {
      this.underWay = this.takeStep();
      this.parts = this.underWay?.parts ?? [];
    }
    this.printed = '';
    return this.parts[0];
  }

  readonly hearOutput = (text: string): void => {
    this.printed += text;
    this.output = shorten(this.output + text, OUTPUT_LIMIT);
  };

  /**
   * Processes the outcome of the current part; `expected` is the expected value if only the language could determine it. Returns whether
   * the program can continue.
   */
  hear(outcome: StepOutcome, expected?: string): boolean {
    const { underWay: step } = this;
    const [part, ...others] = this.parts;
    if (!step || !part) return false;
    const fault = findFault(step, withExpected(part, expected), outcome, this.printed);
    this.parts = outcome.ended && fault === undefined ? others : [];
    if (this.parts.length === 0) this.endStep(step, outcome, fault);
    return outcome.ended || this.canGoOn(step, outcome);
  }

  /** Records all remaining known steps as not reached. */
  abandon(): void {
    for (let step = this.takeStep(); step; step = this.takeStep()) this.results.add(toResult(step, NOT_REACHED));
  }

  /** Records a failure that belongs to no step. */
  addFailure(name: string, error: string): void {
    this.results.add({ name, origin: 'own', passed: false, error });
  }

  get failedTests(): number {
    return this.results.counts.own.failed;
  }

  conclude(language: string, end: ChildEnd, ms: number): CheckReport {
    const killed = end.killed ?? (this.isExhausted ? 'memory' : undefined);
    const common = { language, output: this.output, ms, ...(killed ? { killed } : {}) };
    const notExecuted = { ...common, executed: false, passed: false, checks: [] };
    if (end.tampered !== undefined)
      return boundReport({ ...notExecuted, reason: `While it ran, the sandbox was tampered with: ${end.tampered}.` });
    if (this.missing.length > 0) {
      const reason = `It needs what the sandbox does not have: ${this.missing.join(', ')}.`;
      return boundReport({ ...notExecuted, reason, missing: this.missing });
    }
    if (this.refusal !== undefined) return boundReport({ ...common, ...refused(this.refusal) });
    if (this.underWay) this.results.add(toResult(this.underWay, describeEnd(end)));
    this.abandon();
    const { checks, counts, total, failed } = this.results;
    return boundReport({
      ...common,
      executed: total > 0,
      passed: total > 0 && failed === 0 && !killed,
      checks,
      counts,
    });
  }

  private endStep(step: TestStep, outcome: StepOutcome, fault: string | undefined): void {
    this.underWay = undefined;
    if (step.origin === 'own' && !step.main) this.hasTests = true;
    if (outcome.ended || !this.isNoTest(step, outcome)) this.results.add(toResult(step, fault));
  }

  private canGoOn(step: TestStep, failure: StepFailure): boolean {
    if (failure.last === 'memory') this.isExhausted = true;
    return step.origin !== 'load' && !failure.last && this.missing.length === 0;
  }

  private takeStep(): TestStep | undefined {
    let step = this.waiting.shift();
    while (step?.main && this.hasMainEnded) step = this.waiting.shift();
    return step;
  }

  /** Whether a failure says nothing about the program; records what it shows instead. */
  private isNoTest(step: TestStep, failure: StepFailure): boolean {
    const { origin, main } = step;
    const ends = main && hasLeftWell(failure);
    if (ends) this.hasMainEnded = true;
    // checks of the request cannot be skipped
    const isSkipped = failure.skipped === true && origin === 'own';
    const { lack = this.findUsage(step, failure) } = failure;
    if (lack === undefined) return isSkipped;
    const isCertain = failure.lack !== undefined && !isGiven(lack);
    return this.isExcused(step, lack, isCertain) || isSkipped;
  }

  /** Detects a program that prints its usage and exits with the code for wrong arguments. */
  private findUsage({ origin, main }: TestStep, { left }: StepFailure): Lack | undefined {
    if (left === undefined || !(main || origin === 'load')) return undefined;
    const lines = this.output.slice(0, LONGEST_USAGE).split('\n');
    return lines.some((line) => USAGE.test(line)) ? 'command-line arguments' : undefined;
  }

  /**
   * Decides whether a missing feature excuses a failure. A function that asks for input instead of taking a parameter has failed; a program
   * that does so counts as not executed. A test's own missing feature does not matter if the request's checks decide. A lack is uncertain
   * if it may also come from a mistake, such as a wrong file name.
   */
  private isExcused({ origin, main }: TestStep, lack: Lack, isCertain: boolean): boolean {
    if (main && this.endsMain(lack, isCertain)) {
      this.hasMainEnded = true;
      return true;
    }
    if (!isCertain || ASKED_OF_PEOPLE.includes(lack)) {
      if (origin === 'load' || main) this.missing = [lack];
      return false;
    }
    if (this.isDemanded && origin === 'own') return true;
    this.missing = [lack];
    return false;
  }

  /** Whether the rest of the main block is for interactive use. If that is uncertain, other tests must have run. */
  private endsMain(lack: Lack, isCertain: boolean): boolean {
    if (this.isDemanded) return true;
    return isCertain ? USED_BY_PEOPLE.includes(lack) : this.hasTests;
  }
}

function refused(error: string): Pick<CheckReport, 'executed' | 'passed' | 'checks' | 'counts'> {
  const results = new Results();
  results.add({ name: 'the program compiles', origin: 'load', passed: false, error });
  return { executed: true, passed: false, checks: results.checks, counts: results.counts };
}

function toResult({ name, origin }: TestStep, fault: string | undefined): CheckResult {
  return fault === undefined ? { name, origin, passed: true } : { name, origin, passed: false, error: fault };
}

function withExpected(part: Part, expected: string | undefined): Part {
  const { expectation } = part;
  return expectation && expected !== undefined ? { ...part, expectation: { ...expectation, expected } } : part;
}

/** The error of the step during which a child ended. */
function describeEnd({ killed, complaint }: ChildEnd): string {
  if (killed) return KILLED[killed];
  return complaint ? `The program ended in the middle of it. ${complaint}` : NOT_REACHED;
}
