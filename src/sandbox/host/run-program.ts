/** Runs a program and its checks in a child, one request at a time: the child learns each step only when it is reached. */
import type { Check, CheckReport, SourceFile } from '../../contract/checks';
import type { SendCommand, Child } from './child';
import type { GuestInterpreter } from './commands';
import type { StepOutcome } from '../guest/engine';
import { readValue } from './judge';
import { Reporter } from './report';
import { LOAD, planCheck, planTest, type Part } from './steps';

/** After this number of failed tests, the remaining ones are counted but not run. */
const FAILURES_ENOUGH = 500;
/** The maximum number of tests that are run, and that are counted. */
const MOST_RUN = 20_000;
const MOST_COUNTED = 100_000;
/** The maximum length of a value that is compared with those of other programs. UTF-16 units. */
const VALUE_LIMIT = 8000;

export interface ProgramRun {
  language: string;
  interpreter: GuestInterpreter;
  files: SourceFile[];
}

/** The part of a child that is needed here. */
export type Asked = Pick<Child, 'converse'>;

export interface ProgramChecks {
  checks: Check[];
  ownTests: boolean;
}

export async function runProgram(
  child: Asked,
  { language, interpreter, files }: ProgramRun,
  { checks, ownTests }: ProgramChecks,
  wallMs: number,
): Promise<CheckReport> {
  const reporter = new Reporter(checks.length > 0);
  let start = performance.now();
  const run = async (ask: SendCommand) => {
    // the wait for the child does not count
    start = performance.now();
    reporter.announce([LOAD, ...checks.map((check) => planCheck(check, interpreter))]);
    if (!reporter.acceptPlan(await ask({ kind: 'prepare', files, ownTests }))) return;
    const goesOn = await runSteps(ask, reporter);
    if (goesOn && ownTests) await runOwnTests(ask, reporter);
  };
  const end = await child.converse(run, { wallMs, onOutput: reporter.hearOutput });
  return reporter.conclude(language, end, Math.round(performance.now() - start));
}

/** Evaluates expressions, as far as the child gets; the last value is undefined if the child ended there. */
export async function evaluate(
  child: Asked,
  { interpreter, files }: ProgramRun,
  expressions: string[],
  wallMs: number,
): Promise<(string | undefined)[]> {
  const values: (string | undefined)[] = [];
  let printed = '';
  const run = async (ask: SendCommand) => {
    const { refused, missing = [] } = await ask({ kind: 'prepare', files, ownTests: true });
    const cannotRun = refused !== undefined || missing.length > 0;
    if (cannotRun || !(await ask({ kind: 'load' })).ended) return void values.push(...expressions.map(() => undefined));
    for (const code of expressions) {
      printed = '';
      const outcome = await ask({ kind: 'check', mode: 'value', code });
      values.push(outcome.ended ? readValue(interpreter, outcome.value, printed).slice(0, VALUE_LIMIT) : undefined);
      if (!outcome.ended && outcome.last) return;
    }
  };
  const end = await child.converse(run, { wallMs, onOutput: (text) => void (printed += text) });
  if (end.tampered !== undefined) return expressions.map(() => undefined);
  const endedEarly = end.killed !== undefined || end.complaint !== undefined;
  return endedEarly && values.length < expressions.length ? [...values, undefined] : values;
}

/** Whether the program can continue. */
async function runSteps(ask: SendCommand, reporter: Reporter): Promise<boolean> {
  for (let part = reporter.begin(); part; part = reporter.begin()) {
    const outcome = await ask(part.request);
    if (!reporter.hear(outcome, await readConstant(ask, part, outcome))) return false;
  }
  return true;
}

/** The expected value as text, if only the language can determine it. */
async function readConstant(ask: SendCommand, { constant }: Part, outcome: StepOutcome): Promise<string | undefined> {
  if (!constant || !outcome.ended) return undefined;
  const reply = await ask(constant);
  return reply.ended ? reply.value : undefined;
}

async function runOwnTests(ask: SendCommand, reporter: Reporter): Promise<void> {
  for (let count = 0, more = true; more && count < MOST_COUNTED;) {
    const page = await ask({ kind: 'discover' });
    const first = count;
    reporter.announce(page.tests.map((test, index) => planTest(test, first + index)));
    count += page.tests.length;
    if (page.error !== undefined) reporter.addFailure('its tests can be found', page.error);
    more = page.more && page.tests.length > 0;
    if (reporter.failedTests >= FAILURES_ENOUGH || first >= MOST_RUN) reporter.abandon();
    else if (!(await runSteps(ask, reporter))) return;
  }
}
