/** The first drafts of a program. If several pass, their return values decide between them; only as many are written as that needs. */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { Failure } from '../contract/failures';
import type { Agreement, Verification } from '../contract/checks';
import { isTested, isVerified } from '../contract/verification';
import { inviteCandidate, takeCandidate, listFurtherCoders, type DraftCandidate } from './candidates';
import { endsTheRun, describeFailure } from './failures';
import type { Opener } from './pattern';
import { stopScope } from './turn-cancellation';
import { user, type Team } from './team';
import type { Invitation } from './turn-request';

/** Temperatures of all drafts but the first, which uses its role's temperature. They differ because equal drafts would prove nothing. */
const WARMTH: readonly number[] = [0.5, 0.8, 0.6, 0.9, 0.7, 1, 0.4];
/** The lead at which a vote ends early; a lead of two is rarely overturned. */
const AHEAD = 2;
const DRAFT = { step: 'draft', yields: 'draft' } as const;
const OUTDONE: Failure = { code: 'CUT_OFF', message: 'Other drafts had decided.' };

type Elected = DraftCandidate & Required<Pick<Verification, 'agreement'>>;

export interface Drafted {
  candidates: DraftCandidate[];
  /** The passing draft with the most agreement, if several pass and can be compared; or the only passing one, if others fail. */
  elected: Elected | undefined;
}

/**
 * Writes and executes two drafts in parallel, and further ones after drafts that fail or return different values. Stops when the passing
 * drafts that return the same values lead those that differ or fail by two, or when a tested draft passes and no comparison is possible.
 * Running drafts are then cancelled. Failed turns are recorded.
 */
export async function draft(team: Team, count: number): Promise<Drafted> {
  if (count === 1) return { candidates: [await takeCandidate(team, alone(team, 1)[0]!)], elected: undefined };
  const tries = listTries(team, count);
  const poll = openPoll(team);
  const scope = new CancellationScope();
  const write = async (at: number) => {
    const candidate = await takeCandidate(team, tries[at]!);
    if (!isVerified(candidate.report)) poll.fail(candidate);
    else if (await poll.add(at, candidate)) stopScope(scope, OUTDONE);
    return candidate;
  };
  const needed = () => (scope.consideredCancelled ? 0 : poll.lacking());
  const outcomes = await scope.run(() => settle(count, write, needed));
  const candidates = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === 'rejected') outlive(team, tries[i]!, outcome.reason, candidates);
  }
  return { candidates, elected: await poll.close() };
}

/** Starts drafts until as many run as are needed, and again whenever one ends. Returns the outcomes of all started drafts. */
async function settle(count: number, write: (at: number) => Promise<DraftCandidate>, needed: () => number) {
  const outcomes: PromiseSettledResult<DraftCandidate>[] = [];
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

/** The drafts that are written first, in parallel. */
export function listFirstDrafts(team: Opener, count: number): Invitation[] {
  return listTries(team, count).slice(0, Math.min(count, AHEAD)).map(inviteCandidate);
}

/** The coder first, then other coders, whose shorter prompts lead to different code. A role that drafts again gets a set temperature. */
function listTries(team: Opener, count: number): Invitation[] {
  const others = listFurtherCoders(Object.keys(team.definition.roles));
  return alone(team, count).map((own, i): Invitation => {
    const role = others[(i - 1) % others.length];
    if (i === 0 || role === undefined) return own;
    const { temperature, ...ask } = own.ask;
    return { role, ask: i <= others.length ? ask : { ...ask, ...(temperature === undefined ? {} : { temperature }) } };
  });
}

function alone(team: Opener, count: number): Invitation[] {
  const messages = [user(...team.task)];
  return Array.from({ length: count }, (_, i): Invitation => {
    if (i === 0) return { role: 'coder', ask: { ...DRAFT, part: 'draft', messages } };
    const temperature = WARMTH[(i - 1) % WARMTH.length]!;
    return {
      role: 'coder',
      ask: { ...DRAFT, turn: `draft-${i + 1}`, part: `draft ${i + 1}`, messages, temperature },
    };
  });
}

/** The vote: compares the passing drafts each time one is added. */
function openPoll(team: Team) {
  /** Keyed by position among the drafts, not by turn name: a draft interrupted for guidance restarts under another name. */
  const held = new Map<number, DraftCandidate>();
  let last: { held: DraftCandidate[]; agreement: Agreement } = { held: [], agreement: NONE };
  /** Number of drafts that were executed and failed. */
  let failed = 0;
  /** Passing drafts are kept if the comparison fails. */
  const compareOr = (none: Agreement, drafts: DraftCandidate[]): Promise<Agreement> =>
    team
      .compare(drafts.map(({ turn }) => turn))
      .catch((error: unknown) => (endsTheRun(error) ? Promise.reject(error as Error) : none));
  const count = async (): Promise<Agreement> => {
    const now = [...held].sort(([one], [other]) => one - other).map(([, candidate]) => candidate);
    if (now.length === last.held.length) return last.agreement;
    const agreement = await compareOr(incomparable(now.length), now);
    if (now.length > last.held.length) last = { held: now, agreement };
    return agreement;
  };
  /** How many more drafts must agree with the largest group for it to lead those that differ or fail by {@link AHEAD}. */
  const lacking = () => {
    const most = Math.max(0, ...last.agreement.agreeing);
    return AHEAD - (most - (last.held.length - most) - failed);
  };
  /** Without a comparison: an untested draft waits for a second one, which may contain tests. */
  const mayStand = ({ report }: DraftCandidate) => last.held.length >= AHEAD || isTested(report);
  return {
    /** Adds a passing draft; resolves to whether the vote is decided. */
    async add(at: number, candidate: DraftCandidate): Promise<boolean> {
      held.set(at, candidate);
      const { calls } = await count();
      return calls === 0 ? mayStand(candidate) : lacking() <= 0;
    },
    /** A failed draft counts against the others: the request is then a hard one, and two that agree may share the same mistake. */
    fail({ report }: DraftCandidate): void {
      if (report.executed) failed++;
    },
    lacking,
    /** Elects a draft. On a tie, a tested draft wins, then the earlier one. */
    async close(): Promise<Elected | undefined> {
      const [only] = held.values();
      if (only && held.size === 1 && failed > 0 && isTested(only.report)) {
        return { ...only, agreement: { drafts: 1, agreeing: 1, calls: 0, failed } };
      }
      const { calls, agreeing, support } = held.size > 1 ? await count() : NONE;
      if (calls === 0) return undefined;
      const tested = last.held.map(({ report }) => Number(isTested(report)));
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

/** Records a draft that failed. Throws if the failure must end the run, or if no draft was written. */
function outlive(team: Team, { role, ask }: Invitation, error: unknown, written: DraftCandidate[]): void {
  const failure = describeFailure(error);
  const mayNotGoOn = CancellationScope.current().consideredCancelled || isRefused(error);
  if (mayNotGoOn || written.length === 0) throw error;
  // a draft cancelled during the execution of its code has already finished its turn
  if (!team.hasFinished(role, ask)) team.note(role, ask, isCancellation(error) ? OUTDONE : failure);
}

/** Whether a person refused further cost. An exhausted budget does not count: other calls may release their reservations. */
function isRefused(error: unknown): boolean {
  return describeFailure(error).code === 'APPROVAL_REFUSED';
}
