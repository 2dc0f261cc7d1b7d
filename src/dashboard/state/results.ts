/** What a run was asked for, in the order in which people want it: code, verdict, answer or approved plan, then what came before. Pure. */
import type { GateSnapshot, RunSnapshot, StageResult, TurnSnapshot } from '../../contract';
import type { RunView as RunReply } from '../../contract/replies';
import { isUnchosenDraft } from './turn-kinds';

export interface ResultItem {
  turn: string;
  /** What became of it: `Approved`, `Rejected`, `Sent back`, `Draft`. */
  mark?: string;
  tone?: 'good' | 'caution' | 'bad' | 'neutral';
  /** Whether the run's verification is about it. */
  isVerified?: true;
  /** Whether it concludes a debate. */
  isSummary?: true;
}

export interface Results {
  main: ResultItem[];
  /** Drafts, rejected plans, earlier rounds, and the voices of a debate. */
  earlier: ResultItem[];
}

type Reply = Pick<RunReply, 'verification' | 'stages' | 'debate'>;

/** `reply` is known once the run has been described after its end. */
export function listResults({ answers, turns, gates }: RunSnapshot, reply: Reply = {}): Results {
  const find = (id: string) => turns.find(({ turn }) => turn === id);
  const named = answers.flatMap((id) => find(id) ?? []);
  const latest = named.filter((turn) => isLatest(turn, named, reply));
  const before = listEarlier(turns, new Set(latest), answers);
  const toItem = (turn: TurnSnapshot) => describe(turn, gates, reply);
  const main = latest.map(toItem).sort((a, b) => rank(a) - rank(b));
  return { main, earlier: before.map((turn) => ({ ...NOT_CHOSEN, ...toItem(turn) })) };
}

const NOT_CHOSEN = { mark: 'Draft', tone: 'neutral' } as const;

/** The answer of the last round of each stage; of a debate, the conclusion. */
function isLatest(turn: TurnSnapshot, named: readonly TurnSnapshot[], { debate }: Reply): boolean {
  const { stage } = turn.place;
  if (!stage) return !debate || !isVoice(turn, debate);
  return named.findLast(({ place }) => place.stage?.plan === stage.plan) === turn;
}

function isVoice({ turn }: TurnSnapshot, { voices }: NonNullable<Reply['debate']>): boolean {
  return voices.some(({ positions }) => positions.some((position) => position.turn === turn));
}

/** What came before, in order: other answers, and drafts that became none. */
function listEarlier(
  turns: readonly TurnSnapshot[],
  main: Set<TurnSnapshot>,
  answers: readonly string[],
): TurnSnapshot[] {
  return turns.filter(
    (turn) =>
      !main.has(turn) && turn.status === 'completed' && (answers.includes(turn.turn) || isUnchosenDraft(turn, answers)),
  );
}

/** Code first, then the verdict on it, then what it was made from. */
function rank({ isVerified, mark }: ResultItem): number {
  if (isVerified) return 0;
  return mark === 'Approved' ? 2 : 1;
}

function describe({ turn, place }: TurnSnapshot, gates: readonly GateSnapshot[], reply: Reply): ResultItem {
  const { verification, stages = [], debate } = reply;
  const isSummary = debate !== undefined && place.step === 'summary';
  return {
    turn,
    ...findMark(turn, gates, stages),
    ...(verification?.turn === turn ? { isVerified: true as const } : {}),
    ...(isSummary ? { isSummary: true as const } : {}),
  };
}

const GATES = {
  approved: { mark: 'Approved', tone: 'good' },
  rejected: { mark: 'Rejected', tone: 'bad' },
  open: { mark: 'Needs approval', tone: 'caution' },
} as const;
const VERDICTS = { pass: { mark: 'Passed', tone: 'good' }, revise: { mark: 'Sent back', tone: 'caution' } } as const;

function findMark(
  turn: string,
  gates: readonly GateSnapshot[],
  stages: readonly StageResult[],
): Pick<ResultItem, 'mark' | 'tone'> {
  const gate = gates.find(({ about }) => about === turn);
  if (gate) return GATES[gate.status];
  const verdict = stages.find(({ answer }) => answer === turn)?.verdict;
  return verdict ? VERDICTS[verdict] : {};
}
