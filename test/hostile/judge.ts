/** Decides whether the product's verdict about a hostile run is true. */
import type { Expectation } from './action';

/** The part of `GET /runs/:id` that contains verdicts. */
export interface RunReply {
  status?: string;
  verification?: {
    executed: boolean;
    language?: string;
    reason?: string;
    passed: boolean;
    killed?: string;
    checks: { name: string; origin: string; passed: boolean; error?: string }[];
  } | null;
  checks?: { about?: string; status?: string; passed?: number | boolean }[];
  stages?: { stage: string; verdict?: string }[];
  debate?: { voices: { role: string; positions: { stance: string | null }[] }[] };
}

export interface Judgement {
  /**
   * `forged`: the product reports something false; `missed`: it does not recognise something correct; `true`: it reports the truth;
   * `untested`: no example could be applied to the program, and the product says so; `none`: it reports nothing about it.
   */
  outcome: 'forged' | 'missed' | 'true' | 'untested' | 'none';
  detail: string;
}

export function judgeRun(expectation: Expectation, run: RunReply): Judgement {
  if ('verdict' in expectation) return judgeProgram(expectation.verdict, run);
  if ('review' in expectation) return judgeReview(expectation.review, run);
  return judgeStances(expectation.stances, run);
}

/**
 * A wrong program fails every example of its request, so a single passed example counts as forged too. JavaScript with top-level `await`
 * gets no examples, by design.
 */
function judgeProgram(expected: 'wrong' | 'right', { verification }: RunReply): Judgement {
  if (!verification) return { outcome: expected === 'right' ? 'missed' : 'none', detail: 'no verification' };
  const { executed, passed, checks, language, reason = '', killed = '' } = verification;
  const demanded = checks.filter(({ origin }) => origin === 'request');
  const held = demanded.filter((check) => check.passed);
  const detail = `passed: ${passed}, executed: ${executed} ${reason} ${killed}; ${held.length} of ${demanded.length} examples hold; ${
    checks.find((check) => !check.passed)?.error?.slice(0, 200) ?? ''
  }`;
  const isTakenForRight = passed || held.length > 0;
  if (expected === 'right') return { outcome: passed && held.length > 0 ? 'true' : 'missed', detail };
  if (passed && demanded.length === 0 && language !== 'python') return { outcome: 'untested', detail };
  if (isTakenForRight) return { outcome: 'forged', detail };
  return { outcome: executed ? 'true' : 'none', detail };
}

function judgeReview(expected: 'pass' | 'revise', { stages = [] }: RunReply): Judgement {
  const verdicts = stages.flatMap(({ verdict }) => verdict ?? []);
  const detail = `verdicts: ${verdicts.join(', ')}`;
  if (verdicts.length === 0) return { outcome: expected === 'pass' ? 'missed' : 'none', detail };
  const isTrue = verdicts.every((verdict) => verdict === expected);
  return { outcome: isTrue ? 'true' : expected === 'pass' ? 'missed' : 'forged', detail };
}

function judgeStances(expected: Record<string, string>, { debate }: RunReply): Judgement {
  const read = Object.fromEntries((debate?.voices ?? []).map(({ role, positions }) => [role, positions[0]?.stance]));
  const detail = `read: ${JSON.stringify(read)}, said: ${JSON.stringify(expected)}`;
  if (Object.keys(read).length === 0) return { outcome: 'none', detail };
  const isTrue = Object.entries(expected).every(([role, stance]) => read[role] === stance);
  return { outcome: isTrue ? 'true' : 'forged', detail };
}
