/** The first drafts of a program: several are written at the same time, and where they hold, what they return decides. */
import { CancellationScope, isCancellation, patched } from '@temporalio/workflow';
import type { Failure } from '../contract/failures';
import type { Agreement, Verification } from '../contract/checks';
import { isVerified } from '../contract/verification';
import { attempt, othersOf, type Candidate, type Try } from './candidates';
import { failureOf, user, type Team } from './team';

/** How warm drafts beside the first are written, which is written as its role is: equal ones would show nothing. */
const WARMTH: readonly number[] = [0.5, 0.8, 0.6, 0.9, 0.7, 1, 0.4];
const OUTDONE: Failure = { code: 'CUT_OFF', message: 'Other drafts had decided.' };

/** The one with which most others agree, where several hold and could be compared. */
export type Elected = Candidate & Required<Pick<Verification, 'agreement'>>;

export interface Drafted {
  candidates: Candidate[];
  elected?: Elected;
}

/**
 * Written at the same time, and executed. Once more than half of them hold and return the same, or one holds and can not be compared,
 * the others are stopped. One that fails is named.
 */
export async function draft(team: Team, count: number): Promise<Drafted> {
  if (count === 1) return { candidates: [await attempt(team, alone(team, 1)[0]!)] };
  const agree = patched('drafts-agree');
  const tries = agree ? triesOf(team, count) : alone(team, count);
  const poll = agree ? openPoll(team, tries) : undefined;
  const scope = new CancellationScope();
  const write = async (given: Try) => {
    const candidate = await attempt(team, given);
    if (isVerified(candidate.report) && (await (poll?.add(candidate) ?? true))) scope.cancel();
    return candidate;
  };
  const outcomes = await scope.run(() => Promise.allSettled(tries.map(write)));
  const candidates = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === 'rejected') outlive(team, tries[i]!, outcome.reason, candidates);
  }
  const elected = await poll?.close();
  return { candidates, ...(elected ? { elected } : {}) };
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
function openPoll(team: Team, tries: readonly Try[]) {
  const held: Candidate[] = [];
  let last: { held: Candidate[]; agreement: Agreement } = { held: [], agreement: NONE };
  const count = async (): Promise<Agreement> => {
    const places = tries.map(({ ask }) => ask.turn);
    const now = [...held].sort((a, b) => places.indexOf(a.turn.turn) - places.indexOf(b.turn.turn));
    if (now.length === last.held.length) return last.agreement;
    const agreement = await team.compare(now.map(({ turn }) => turn));
    if (now.length > last.held.length) last = { held: now, agreement };
    return agreement;
  };
  return {
    /** Whether nothing further is needed to decide. */
    async add(candidate: Candidate): Promise<boolean> {
      held.push(candidate);
      const { calls, agreeing } = await count();
      return calls === 0 || Math.max(...agreeing) > tries.length / 2;
    },
    /** Of equals the one that was asked for first. */
    async close(): Promise<Elected | undefined> {
      const { calls, agreeing, support } = held.length > 1 ? await count() : NONE;
      if (calls === 0) return undefined;
      const [at = 0] = [...agreeing.keys()].sort((a, b) => agreeing[b]! - agreeing[a]! || support[b]! - support[a]!);
      return { ...last.held[at]!, agreement: { drafts: held.length, agreeing: agreeing[at]!, calls } };
    },
  };
}

const NONE: Agreement = { calls: 0, support: [], agreeing: [] };

/** Notes a draft that did not come about; throws what must end the run, or leaves it with nothing. */
function outlive(team: Team, { role, ask }: Try, error: unknown, written: Candidate[]): void {
  const failure = failureOf(error);
  const mayNotGoOn = CancellationScope.current().consideredCancelled || failure.code === 'APPROVAL_REFUSED';
  if (mayNotGoOn || written.length === 0) throw error;
  // one that was stopped while its code was executed has its answer
  const isWritten = team.result([]).turns.some(({ turn }) => turn === ask.turn);
  if (!isWritten) team.note(role, ask, isCancellation(error) ? OUTDONE : failure);
}
