/** Compares two runs: their figures side by side, and the texts of their turns. Pure. */
import type { RunView } from '../../contract/replies';
import { countChecks } from '../../contract/verification';
import { count, duration, money, plural } from '../format';

export interface ComparedFigure {
  name: string;
  first: string;
  second: string;
  /** How the second differs from the first, for figures that can be subtracted; empty for the others and for equal ones. */
  change: string;
}

export interface ComparedTurn {
  turn: string;
  label: string;
  before: string;
  after: string;
  /** Whether the second run reused the result of the first. */
  reused: boolean;
}

interface Measure {
  name: string;
  read(run: RunView): number | undefined;
  write(value: number): string;
}

const MEASURES: readonly Measure[] = [
  { name: 'Cost', read: ({ cost_usd }) => cost_usd ?? undefined, write: money },
  { name: 'Time', read: measureTime, write: duration },
  { name: 'Tokens read', read: ({ usage }) => usage?.prompt_tokens, write: count },
  { name: 'Tokens written', read: ({ usage }) => usage?.completion_tokens, write: count },
  { name: 'Turns', read: ({ turns }) => turns.length, write: count },
];

const UNKNOWN = '–';

export function compareFigures(first: RunView, second: RunView): ComparedFigure[] {
  return [
    compareTexts('Status', first.status, second.status),
    ...MEASURES.map((measure) => compareMeasure(measure, first, second)),
    compareTexts('Models', listModels(first), listModels(second)),
    compareTexts('Checks', writeChecks(first), writeChecks(second)),
    compareTexts('Failure', first.failure?.message ?? UNKNOWN, second.failure?.message ?? UNKNOWN),
  ].filter(({ first: one, second: other }) => one !== UNKNOWN || other !== UNKNOWN);
}

export const isChanged = ({ first, second }: ComparedFigure): boolean => first !== second;

function compareTexts(name: string, first: string, second: string): ComparedFigure {
  return { name, first, second, change: '' };
}

function compareMeasure({ name, read, write }: Measure, one: RunView, other: RunView): ComparedFigure {
  const [before, after] = [read(one), read(other)];
  const show = (value: number | undefined) => (value === undefined ? UNKNOWN : write(value));
  const difference = before === undefined || after === undefined ? 0 : after - before;
  const change = difference === 0 ? '' : `${difference > 0 ? '+' : '−'}${write(Math.abs(difference))}`;
  return { name, first: show(before), second: show(after), change };
}

function measureTime({ started_at, ended_at }: RunView): number | undefined {
  return ended_at ? Date.parse(ended_at) - Date.parse(started_at) : undefined;
}

function listModels({ turns }: RunView): string {
  return [...new Set(turns.flatMap(({ model }) => model || []))].join(', ') || UNKNOWN;
}

function writeChecks({ verification }: RunView): string {
  if (!verification) return UNKNOWN;
  if (!verification.executed) return 'Not executed';
  const { total, failed } = countChecks(verification);
  return `${total - failed} of ${plural(total, 'check')} passed`;
}

/** The turns of both runs, in the order of the first. */
export function compareTurns(first: RunView, second: RunView): ComparedTurn[] {
  const ids = [...new Set([...first.turns, ...second.turns].map(({ turn }) => turn))];
  return ids.map((turn) => {
    const before = first.turns.find((one) => one.turn === turn);
    const after = second.turns.find((one) => one.turn === turn);
    return {
      turn,
      label: before?.label ?? after?.label ?? turn,
      before: before?.text ?? '',
      after: after?.text ?? '',
      reused: after?.reused_from === first.run_id,
    };
  });
}
