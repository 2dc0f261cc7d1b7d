/** What a long run costs in Temporal's history: it grows with its turns, and holds each text as often as it must. */
import type { TurnRequest } from '../../src/contract';
import { coordinateInput, createTheatre, type Theatre } from '../support/workflows';

let theatre: Theatre;
beforeAll(async () => (theatre = await createTheatre()), 60_000);
afterAll(() => theatre.stop());

/** 2,000 tokens of four characters. */
const WORDS = 'word '.repeat(1600);

/** A coordination that never satisfies its reviewers; resolves to what it took. */
async function longRun(rounds: number): Promise<{ turns: number; tokens: number; bytes: number; events: number }> {
  theatre.asked.length = 0;
  theatre.script = ({ turn }: TurnRequest) => `VERDICT: REVISE\n${turn}\n${WORDS}`;
  const input = coordinateInput(rounds);
  const { turns } = await theatre.run(input);
  const { historySize, historyLength } = await theatre.handle(input.run_id).describe();
  const characters = turns.reduce((sum, { text }) => sum + text.length, 0);
  return { turns: turns.length, tokens: characters / 4, bytes: historySize ?? Infinity, events: historyLength };
}

test('it grows linearly: twice the rounds, twice the history', async () => {
  const [short, long] = [await longRun(2), await longRun(5)];
  const perTurn = ({ bytes, turns }: { bytes: number; turns: number }) => bytes / turns;
  expect(long.turns).toBeGreaterThan(short.turns * 1.7);
  expect(perTurn(long) / perTurn(short)).toBeLessThan(1.15);
  // a hundred turns of two thousand tokens stay under two megabytes
  expect(100 * perTurn(long) * (2000 / (long.tokens / long.turns))).toBeLessThan(2_000_000);
}, 60_000);
