/** Makes a report of what a child said. The verdict falls here: a step counts only when its end was heard of. */
import type { CheckReport, CheckResult } from '../contract/checks';
import type { ChildEnd } from './child';
import type { Lack, Step, StepOutcome } from './inside/engine';
import type { News } from './inside/news';
import { equalValues } from './javascript-literal';
import { equalLiterals } from './python-literal';

type Broken = Extract<StepOutcome, { ended: false }>;

const ERROR_LIMIT = 2000;
const VALUE_LIMIT = 400;
const OUTPUT_LIMIT = 8000;

/** What a function takes as a parameter instead, where it is written to be called. */
const ASKED_OF_PEOPLE: readonly Lack[] = ['keyboard input', 'command-line arguments'];
/** What a main block does for those who run it, after whatever it tests. */
const USED_BY_PEOPLE: readonly Lack[] = [...ASKED_OF_PEOPLE, 'network'];

/** Listens to one child. */
export class Reporter {
  private readonly steps: Step[] = [];
  private readonly outcomes = new Map<number, CheckResult>();
  private readonly values = new Map<number, string>();
  private refusal: string | undefined;
  private missing: string[] = [];
  private exhausted = false;
  /** Where the main block asked for what is not here: from there on it is no test. */
  private mainEnd = Infinity;
  private readonly skipped = new Set<number>();
  private output = '';
  /** What the step under way has written: a function that prints its answer gives it so. */
  private printed = '';

  readonly hear = (news: News): void => {
    if (news.kind === 'plan') {
      this.steps.push(...news.plan.steps);
      this.refusal = news.plan.refused;
      this.missing = news.plan.missing ?? [];
    } else if (news.kind === 'own') {
      this.steps.push(...news.steps);
    } else if (news.kind === 'output') {
      this.printed += news.text;
      this.output = shorten(this.output + news.text, OUTPUT_LIMIT);
    } else if (news.kind === 'step') {
      this.hearStep(news.index, news.outcome);
      this.printed = '';
    }
  };

  /** What the steps with a value gave, in their order, up to the first that was never come to; undefined where one failed. */
  given(): (string | undefined)[] {
    const valued = this.steps.flatMap(({ expected }, index) => (expected === undefined ? [] : [index]));
    const end = valued.findIndex((index) => !this.outcomes.has(index));
    return valued.slice(0, end < 0 ? valued.length : end).map((index) => this.values.get(index));
  }

  private hearStep(index: number, outcome: StepOutcome): void {
    const step = this.steps[index];
    if (step) this.outcomes.set(index, judge(step, outcome, this.printed));
    if (outcome.ended) this.values.set(index, valueOf(step, outcome, this.printed).slice(0, OUTPUT_LIMIT));
    else this.noteWhy(step, index, outcome);
  }

  private noteWhy(step: Step | undefined, index: number, outcome: Broken): void {
    if (outcome.last === 'memory') this.exhausted = true;
    if (!step) return;
    if (outcome.lack) this.noteLack(step, index, outcome.lack);
    // a demand can't be skipped
    if (outcome.skipped && step.origin === 'own') this.skipped.add(index);
    if (step.main && hasLeftWell(outcome)) this.endMain(index + 1);
  }

  /**
   * A function that asks instead of taking what it is given has failed; a program that does so was not executed. What a test of its own
   * lacks does not outweigh a demand.
   */
  private noteLack({ origin, main }: Step, index: number, lack: Lack): void {
    const isDemanded = this.steps.some((step) => step.origin === 'request');
    const isAsked = ASKED_OF_PEOPLE.includes(lack);
    if (main && (isDemanded || USED_BY_PEOPLE.includes(lack))) this.endMain(index);
    else if (!isAsked && isDemanded && origin === 'own') this.skipped.add(index);
    else if (!isAsked || origin === 'load') this.missing = [lack];
  }

  private endMain(index: number): void {
    this.mainEnd = Math.min(this.mainEnd, index);
  }

  conclude(language: string, end: ChildEnd, ms: number): CheckReport {
    const { output } = this;
    const killed = end.killed ?? (this.exhausted ? 'memory' : undefined);
    const common = { language, output, ms, ...(killed ? { killed } : {}) };
    if (this.missing.length > 0) {
      const { missing } = this;
      const reason = `It needs what the sandbox does not have: ${missing.join(', ')}.`;
      return { ...common, executed: false, reason, missing, passed: false, checks: [] };
    }
    if (this.refusal !== undefined) {
      const checks = [
        { name: 'the program compiles', origin: 'load', passed: false, error: shorten(this.refusal, ERROR_LIMIT) },
      ] as const;
      return { ...common, executed: true, passed: false, checks: [...checks] };
    }
    const checks = this.steps
      .map((step, index) => this.outcomes.get(index) ?? unheard(step, index, this.outcomes, end))
      .filter((_check, index) => !this.skipped.has(index) && (!this.steps[index]?.main || index < this.mainEnd));
    return {
      ...common,
      executed: checks.length > 0,
      passed: checks.length > 0 && checks.every(({ passed }) => passed),
      checks,
    };
  }
}

function judge(step: Step, outcome: StepOutcome, printed: string): CheckResult {
  const { name, origin } = step;
  const fault = outcome.ended ? differenceOf(step, outcome, printed) : faultOf(step, outcome);
  return fault === undefined ? { name, origin, passed: true } : { name, origin, passed: false, error: fault };
}

/** A main block may end with a good code. */
function faultOf({ main }: Step, outcome: Broken): string | undefined {
  return main && hasLeftWell(outcome) ? undefined : shorten(outcome.error, ERROR_LIMIT);
}

/** As the interpreter sees it, which ends with 0 then. */
function hasLeftWell({ left }: Broken): boolean {
  return left !== undefined && ['', '0', 'None', 'False'].includes(left);
}

/** How the value differs from what is expected, if it does. */
function differenceOf(step: Step, outcome: { value?: string }, printed: string): string | undefined {
  const { name, expected, source = name } = step;
  if (expected === undefined) return undefined;
  const given = answersOf(step, outcome, printed);
  if (given.some((one) => isEqual(step, one, expected))) return undefined;
  return `${shorten(source, VALUE_LIMIT)} returned ${shorten(given[0]!, VALUE_LIMIT)}, expected ${shorten(expected, VALUE_LIMIT)}`;
}

/** One that is not asserted may be what is returned or what is printed. */
function answersOf(step: Step, outcome: { value?: string }, printed: string): string[] {
  const { source = step.name, returned, javascript } = step;
  const value = valueOf(step, outcome, '');
  if (returned) return [value];
  const shown = valueOf(step, outcome, printed);
  // what the function says on its way is printed before its result
  if (javascript && source.startsWith('console.log(')) return [shown, shown.split('\n').at(-1)!];
  return source.startsWith('print(') ? [shown] : [shown, value];
}

function isEqual({ javascript }: Step, got: string, expected: string): boolean {
  const equal = javascript ? equalValues(got, expected) : undefined;
  return equal ?? equalLiterals(got, expected) ?? sameText(got, expected);
}

function valueOf(step: Step | undefined, { value }: { value?: string }, printed: string): string {
  const nothing = step?.javascript ? 'undefined' : 'None';
  const got = value ?? nothing;
  return got === nothing && printed ? printed.trim() : got;
}

/** The step during which a child ended, and those that it never came to. */
function unheard(
  { name, origin }: Step,
  index: number,
  outcomes: Map<number, CheckResult>,
  end: ChildEnd,
): CheckResult {
  if (index > outcomes.size || (!end.killed && !end.complaint))
    return { name, origin, passed: false, error: 'It was not reached.' };
  const limits = {
    time: 'It took too long and was killed.',
    memory: 'It took too much memory and was killed.',
    output: 'It wrote too much and was killed.',
  };
  const error = end.killed ? limits[end.killed] : `The program ended in the middle of it. ${end.complaint}`;
  return { name, origin, passed: false, error };
}

function sameText(got: string, expected: string): boolean {
  const plain = (text: string) => text.replace(/\s+/g, ' ').trim();
  return plain(got) === plain(expected);
}

/** The end of a traceback says more than its beginning. */
function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = Math.floor(limit / 4);
  return `${text.slice(0, head)}\n[...]\n${text.slice(head - limit)}`;
}
