/**
 * The activity that executes what a turn has written: its program, the examples of the request, and the program's own tests.
 * It may be tried again at any time: the events are published once for each turn, and an execution has no effect outside.
 */
import { Context } from '@temporalio/activity';
import type { RunScope } from '../contract';
import type { Check, CheckReport } from '../contract/checks';
import type { TurnStore } from '../redis/turns';
import type { Sandbox } from '../sandbox/sandbox';
import { tellCheckEnded, tellCheckStarted } from './check-news';
import { programOf } from './code-blocks';
import { wholeTexts } from './prompt';
import { whileBeating } from './pulse';
import { examplesFor } from './examples/languages';

export interface VerifyDependencies {
  turns: TurnStore;
  sandbox: Sandbox;
}

export interface VerifyRequest extends RunScope {
  /** The turn whose text holds the program. */
  turn: string;
  /** How long that text is. */
  length: number;
  /** What the request says; its examples are demands. */
  request: string;
  /** What the swarm demands of all its code. */
  checks?: Check[];
}

/** How often a sandbox may fail before the answer goes on without it. */
const ATTEMPTS = 3;

export function createVerifyCode({ turns, sandbox }: VerifyDependencies) {
  /** Reports what came of it. Fails with `TEXT_LOST` when Redis no longer holds the whole of the turn's text. */
  return async function verifyCode({
    turn,
    length,
    request,
    checks: demands = [],
    ...scope
  }: VerifyRequest): Promise<CheckReport> {
    const context = Context.current();
    return whileBeating(context, async (signal) => {
      const [text = ''] = await wholeTexts(turns, scope.run_id, [{ turn, length }]);
      const program = programOf(text);
      const language = program?.language ?? '';
      await tellCheckStarted(turns, scope, turn, language);
      const checks = [...demands, ...(program ? examplesFor(program, request) : [])];
      const files = program?.files ?? [];
      const executed = await sandbox
        .check({ language, files, checks, ownTests: true }, signal)
        .catch(async (error: unknown) => {
          // one that stops with its worker is executed again: the end of that is told
          if (context.cancellationDetails?.cancelRequested)
            await tellCheckEnded(turns, scope, { ...notExecuted(language, 'It was stopped before its end.'), turn });
          if (signal.aborted || context.info.attempt < ATTEMPTS) throw error;
          context.log.error('the sandbox does not work', { error });
          return notExecuted(language, 'The sandbox does not work here; the log of the worker says why.');
        });
      const report = noteAvoidable(executed, request);
      await tellCheckEnded(turns, scope, { ...report, turn });
      return report;
    });
  };
}

function notExecuted(language: string, reason: string): CheckReport {
  return { language, executed: false, reason, passed: false, checks: [], output: '', ms: 0 };
}

/** What the request names, under its own name or that of its package, a program may need. */
function noteAvoidable(report: CheckReport, request: string): CheckReport {
  const { missing = [] } = report;
  const words = bare(request);
  const isNamed = (name: string) => [name, SOLD_AS[name] ?? name].some((known) => words.includes(bare(known)));
  return missing.length > 0 && !missing.some(isNamed) ? { ...report, avoidable: true } : report;
}

/** Packages that are known by another name than the one by which they are imported. */
const SOLD_AS: Record<string, string> = {
  bs4: 'Beautiful Soup',
  cv2: 'OpenCV',
  PIL: 'Pillow',
  sklearn: 'scikit-learn',
};
const bare = (text: string) => text.toLowerCase().replace(/[\s_-]/g, '');
