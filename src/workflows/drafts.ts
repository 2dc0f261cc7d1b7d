/** The first drafts of a program: where several hold, what they return decides, and no more are written than that needs. */
import { CancellationScope, isCancellation, patched } from '@temporalio/workflow';
import type { Failure } from '../contract/failures';
import type { Agreement, Verification } from '../contract/checks';
import { isTested, isVerified } from '../contract/verification';
import { attempt, othersOf, type Candidate, type Try } from './candidates';
import { endsTheRun, failureOf } from './failures';
import { user, type Team } from './team';

/** How warm drafts beside the first are written, which is written as its role is: equal ones would show nothing. */
const WARMTH: readonly number[] = [0.5, 0.8, 0.6, 0.9, 0.7, 1, 0.4];
/** Votes between two options end early, and are seldom decided otherwise than by all, where one is so many ahead. */
const AHEAD = 2;
const OUTDONE: Failure = { code: 'CUT_OFF', message: 'Other drafts had decided.' };

export type Elected = Candidate & Required<Pick<Verification, 'agreement'>>;

export interface Drafted {
  candidates: Candidate[];
  /** The one with which most others agree, where several hold and could be compared; the only one that holds, where others fail. */
  elected: Elected | undefined;
}

/**
 * Two are written at the same time, and executed; what fails or returns something else is followed by further ones. Once so many hold
 * and return the same that they are two ahead of those that differ or fail, or one holds that was tested and can not be compared, nothing
 * further is begun and what is under way is stopped. One that fails is named.
 */
export async function draft(team: Team, count: number): Promise<Drafted> {
  if (count === 1) return { candidates: [await attempt(team, alone(team, 1)[0]!)], elected: undefined };
  const agree = patched('drafts-agree');
  const tries = agree ? triesOf(team, count) : alone(team, count);
  const poll = agree ? openPoll(team) : undefined;
  const scope = new CancellationScope();
  const write = async (at: number) => {
    const candidate = await attempt(team, tries[at]!);
    if (!isVerified(candidate.report)) poll?.fail(candidate);
    else if (await (poll?.add(at, candidate) ?? true)) scope.cancel();
    return candidate;
  };
  const needed =
    poll && patched('drafts-as-needed') ? () => (scope.consideredCancelled ? 0 : poll.lacking()) : () => count;
  const outcomes = await scope.run(() => settle(count, write, needed));
  const candidates = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === 'rejected') outlive(team, tries[i]!, outcome.reason, candidates);
  }
  return { candidates, elected: await poll?.close() };
}

/** Begins so many that as many are under way as are needed, and again whenever one has ended; the outcomes of all that were begun. */
async function settle(count: number, write: (at: number) => Promise<Candidate>, needed: () => number) {
  const outcomes: PromiseSettledResult<Candidate>[] = [];
  let begun = 0;
  let underWay = 0;
  const fill = async (): Promise<void> => {
    const now: Promise<void>[] = [];
    for (; begun < count && underWay < needed(); underWay++) now.push(one(begun++));
    await Promise.all(now);
  };
  const one = async (at: number): Promise<void> => {
    const [outcome] = await Promise.allSettled([write(at)]);
    outcomes[at] = outcome;
    underWay--;
    if (outcome.status === 'fulfilled' || !isRefused(outcome.reason)) await fill();
  };
  await fill();
  return outcomes;
}

/** The coder's first, then those of the others, who are told less and so write other code; of one who drafts again, warm ones. */
function triesOf(team: Team, count: number): Try[] {
  const others = othersOf(team);
  return alone(team, count).map((own, i): Try => {
    const role = others[(i - 1) % others.length];
    if (i === 0 || role === undefined) return own;
    const { temperature, ...ask } = own.ask;
    return { role, ask: i <= others.length ? ask : { ...ask, ...(temperature === undefined ? {} : { temperature }) } };
  });
}

function alone(team: Team, count: number): Try[] {
  const messages = [user(...team.task)];
  return Array.from({ length: count }, (_, i): Try => {
    if (i === 0) return { role: 'coder', ask: { turn: 'draft', part: 'draft', messages } };
    const temperature = WARMTH[(i - 1) % WARMTH.length]!;
    return { role: 'coder', ask: { turn: `draft-${i + 1}`, part: `draft ${i + 1}`, messages, temperature } };
  });
}

/** Compares what holds, each time there is one more. */
function openPoll(team: Team) {
  /** By their place among the drafts: one that was stopped for guidance has begun again under another name. */
  const held = new Map<number, Candidate>();
  let last: { held: Candidate[]; agreement: Agreement } = { held: [], agreement: NONE };
  /** How many were executed and do not hold. */
  let failed = 0;
  /** What holds is not lost where it can't be compared. */
  const compareOr = (none: Agreement, drafts: Candidate[]): Promise<Agreement> =>
    team
      .compare(drafts.map(({ turn }) => turn))
      .catch((error: unknown) =>
        endsTheRun(error) || !patched('comparison-may-fail') ? Promise.reject(error as Error) : none,
      );
  const count = async (): Promise<Agreement> => {
    const now = [...held].sort(([one], [other]) => one - other).map(([, candidate]) => candidate);
    if (now.length === last.held.length) return last.agreement;
    const agreement = await compareOr(incomparable(now.length), now);
    if (now.length > last.held.length) last = { held: now, agreement };
    return agreement;
  };
  /** How many more would have to return the same as most do, to be far enough ahead of those that differ or fail. */
  const lacking = () => {
    const most = Math.max(0, ...last.agreement.agreeing);
    return AHEAD - (most - (last.held.length - most) - failed);
  };
  /** Without a comparison: what nobody has tested waits for another draft, which may bring tests. */
  const mayStand = ({ report }: Candidate) => last.held.length >= AHEAD || isTested(report) || !patched('tested-first');
  return {
    /** Whether nothing further is needed to decide. */
    async add(at: number, candidate: Candidate): Promise<boolean> {
      held.set(at, candidate);
      const { calls } = await count();
      return calls === 0 ? mayStand(candidate) : lacking() <= 0;
    },
    /** Speaks against the others: where some fail the request is a hard one, and two that agree may well make the same mistake. */
    fail({ report }: Candidate): void {
      if (report.executed && patched('failures-speak')) failed++;
    },
    lacking,
    /** Of equals the one that was tested, then the one that was asked for first. */
    async close(): Promise<Elected | undefined> {
      const [only] = held.values();
      if (only && held.size === 1 && failed > 0 && isTested(only.report)) {
        return { ...only, agreement: { drafts: 1, agreeing: 1, calls: 0, failed } };
      }
      const { calls, agreeing, support } = held.size > 1 ? await count() : NONE;
      if (calls === 0) return undefined;
      const tested = patched('tested-first') ? last.held.map(({ report }) => Number(isTested(report))) : agreeing;
      const order = [agreeing, support, tested];
      const isAhead = (a: number, b: number) => order.map((values) => values[b]! - values[a]!).find(Boolean) ?? 0;
      const [at = 0] = [...agreeing.keys()].sort(isAhead);
      const others = failed > 0 ? { failed } : {};
      return { ...last.held[at]!, agreement: { drafts: held.size, agreeing: agreeing[at]!, calls, ...others } };
    },
  };
}

const incomparable = (drafts: number): Agreement => {
  return { calls: 0, support: Array<number>(drafts).fill(0), agreeing: Array<number>(drafts).fill(1) };
};
const NONE = incomparable(0);

/** Notes a draft that did not come about; throws what must end the run, or leaves it with nothing. */
function outlive(team: Team, { role, ask }: Try, error: unknown, written: Candidate[]): void {
  const failure = failureOf(error);
  const mayNotGoOn = CancellationScope.current().consideredCancelled || isRefused(error);
  if (mayNotGoOn || written.length === 0) throw error;
  // one that was stopped while its code was executed has its answer
  const isWritten = team.result([]).turns.some(({ turn }) => turn === ask.turn || turn.endsWith(`/${ask.turn}`));
  if (!isWritten) team.note(role, ask, isCancellation(error) ? OUTDONE : failure);
}

/** Whether a person did not approve further cost. A budget that is reserved for others may be free again for the next one. */
function isRefused(error: unknown): boolean {
  return failureOf(error).code === 'APPROVAL_REFUSED';
}
