/**
 * The activity that executes the code of a turn: its program, the examples of the request, and the program's own tests.
 * It may be retried at any time: events are published once per turn, and an execution has no side effects.
 */
import { Context } from '@temporalio/activity';
import type { RunScope } from '../contract';
import type { Check, CheckReport } from '../contract/checks';
import type { TurnStore } from '../redis/turns';
import type { Sandbox } from '../sandbox/host/sandbox';
import { tellCheckEnded, tellCheckStarted } from '../verification/check-events';
import { isDocument, extractProgram, type Program } from '../verification/extract-program';
import { readCompleteTexts } from '../model-call/prompt';
import { extractExamples } from '../verification/examples';
import { executeBounded, whileInHand, type Executor } from './execution-attempts';

export interface VerifyDependencies {
  turns: TurnStore;
  sandbox: Sandbox;
  executor: Executor;
}

export interface VerifyRequest extends RunScope {
  /** The turn whose text contains the program. */
  turn: string;
  /** The length of that text. */
  length: number;
  /** The request's text; its examples are required checks. */
  request: string;
  /** Checks that the swarm requires of all its code. */
  checks?: Check[];
}

const NO_PROGRAM = 'There is no code to execute.';
/** Maximum length of a language name in an event. */
const LANGUAGE_LIMIT = 40;

export function createVerifyCode({ turns, sandbox, executor }: VerifyDependencies) {
  /** Returns the report. Fails with `TEXT_LOST` if Redis no longer holds the turn's complete text. */
  return async function verifyCode(request: VerifyRequest): Promise<CheckReport> {
    return whileInHand(executor, request.team_id, () => verify(request));
  };

  async function verify({
    turn,
    length,
    request,
    checks: demands = [],
    ...scope
  }: VerifyRequest): Promise<CheckReport> {
    const context = Context.current();
    const [text = ''] = await readCompleteTexts(turns, scope.run_id, [{ turn, length }]);
    const program = extractProgram(text);
    const language = (program?.language ?? '').slice(0, LANGUAGE_LIMIT);
    await tellCheckStarted(turns, scope, turn, language);
    const check = (given: Program, signal: AbortSignal) => {
      const checks = [...demands, ...extractExamples(given, request)];
      return sandbox.check({ language, files: given.files, checks, ownTests: true }, signal);
    };
    const executed = await executeBounded(context, executor, {
      async work(signal) {
        if (!program) return { ...notExecuted('', NO_PROGRAM), ...(isDocument(text) ? { no_program: true } : {}) };
        const report = await check(program, signal);
        // a module defined in another code block is not a missing package
        const whole = report.missing && extractProgram(text, report.missing);
        return whole && whole.files.length > program.files.length ? check(whole, signal) : report;
      },
      giveUp: async (reason) => notExecuted(language, reason),
    }).catch(async (error: unknown) => {
      // an execution that ends with its worker's shutdown is retried, and the retry reports the end
      if (context.cancellationDetails?.cancelRequested)
        await tellCheckEnded(turns, scope, { ...notExecuted(language, 'It was stopped before its end.'), turn });
      throw error;
    });
    const report = noteAvoidable(executed, request);
    await tellCheckEnded(turns, scope, { ...report, turn });
    return report;
  }
}

function notExecuted(language: string, reason: string): CheckReport {
  return { language, executed: false, reason, passed: false, checks: [], output: '', ms: 0 };
}

/** Marks missing dependencies as avoidable if the request names none of them, neither by import name nor by package name. */
function noteAvoidable(report: CheckReport, request: string): CheckReport {
  const { missing = [] } = report;
  const words = bare(request);
  const isNamed = (name: string) =>
    [name.replace(GIVEN, ''), SOLD_AS[name] ?? name].some((known) => words.includes(bare(known))) ||
    ASKED_AS[name]?.test(request);
  return missing.length > 0 && !missing.some(isNamed) ? { ...report, avoidable: true } : report;
}

/** Packages whose common name differs from their import name. */
const SOLD_AS: Record<string, string> = {
  bs4: 'Beautiful Soup',
  cv2: 'OpenCV',
  PIL: 'Pillow',
  sklearn: 'scikit-learn',
};
/** The words before the name of a missing file or variable. */
const GIVEN = /^the (?:file|environment variable) /;
const INPUT =
  /\b(?:stdin|standard input|user input|keyboard|interactive|prompts? (?:for|the user)|reads? (?:from )?(?:the )?input)\b/i;
/** How requests ask for interactive programs or network access. */
const ASKED_AS: Record<string, RegExp> = {
  'standard input': INPUT,
  'keyboard input': INPUT,
  'command-line arguments': /\b(?:command[- ]line|argv|argparse|arguments|CLI)\b/i,
  network: /\b(?:https?|urls?|download|fetch|web|server|sockets?|api)\b/i,
};
const bare = (text: string) => text.toLowerCase().replace(/[\s_-]/g, '');
