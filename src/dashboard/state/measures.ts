/** Computes the charts of a run from its turns. Times are seconds since the run's first turn. Pure. */
import { chooseHue } from './lanes';
import { PACE_MS, unitsPerToken, type TurnView } from './turn-view';

interface Line {
  name: string;
  hue: number;
  values: (number | null)[];
}

/** Lines over a common time axis. */
export interface Series {
  at: number[];
  lines: Line[];
}

const SMOOTHED_BUCKETS = 4;

const begin = (turns: readonly TurnView[]): number => Math.min(...turns.map(({ startedAt }) => startedAt));
const seconds = (ms: number): number => Math.round(ms / 100) / 10;

/** Tokens per second of each turn, over the last two seconds. */
export function measurePace(turns: readonly TurnView[]): Series {
  const buckets = turns.flatMap(({ pace }) => [...pace.keys()]);
  if (buckets.length === 0) return { at: [], lines: [] };
  const first = Math.min(...buckets);
  const last = Math.max(...buckets);
  const at: number[] = [];
  for (let bucket = first; bucket <= last; bucket += PACE_MS) at.push(bucket);
  const lines = turns
    .filter(({ pace }) => pace.size > 0)
    .map((turn) => ({
      name: turn.snapshot.label,
      hue: chooseHue(turn, turns),
      values: at.map((bucket) => rateAt(turn, bucket)),
    }));
  return { at: at.map((bucket) => seconds(bucket - begin(turns))), lines };
}

function rateAt(turn: TurnView, bucket: number): number | null {
  const ends = Math.max(...turn.pace.keys());
  const begins = Math.min(...turn.pace.keys());
  const unfinished = turn.snapshot.status === 'running' && bucket === ends;
  if (bucket < begins || bucket > ends || unfinished) return null;
  let units = 0;
  for (let back = 0; back < SMOOTHED_BUCKETS; back++) units += turn.pace.get(bucket - back * PACE_MS) ?? 0;
  const covered = Math.min(SMOOTHED_BUCKETS, (bucket - begins) / PACE_MS + 1) * PACE_MS;
  return (units / unitsPerToken(turn) / covered) * 1000;
}

/** Seconds to the first token of each turn, at the time of that token. */
export function measureFirstTokens(turns: readonly TurnView[]): Series {
  const started = turns.flatMap((turn) => (turn.firstTextAt === undefined ? [] : [{ turn, at: turn.firstTextAt }]));
  started.sort((a, b) => a.at - b.at);
  return {
    at: started.map(({ at }) => seconds(at - begin(turns))),
    lines: started.map(({ turn, at }, index) => ({
      name: turn.snapshot.label,
      hue: chooseHue(turn, turns),
      values: started.map((_, other) =>
        other === index ? (turn.completed?.first_token_ms ?? at - turn.startedAt) / 1000 : null,
      ),
    })),
  };
}

/** The accumulated cost of the run after each finished turn; empty if the gateway reports none. */
export function measureCost(turns: readonly TurnView[]): Series {
  const paid = turns.flatMap(({ completed }) => (typeof completed?.cost_usd === 'number' ? [completed] : []));
  if (paid.length === 0) return { at: [], lines: [] };
  paid.sort((a, b) => a.at - b.at);
  let sum = 0;
  const values = [0, ...paid.map(({ cost_usd }) => (sum += cost_usd ?? 0))];
  return {
    at: [0, ...paid.map(({ at }) => seconds(at - begin(turns)))],
    lines: [{ name: 'Cost so far', hue: 0, values }],
  };
}
