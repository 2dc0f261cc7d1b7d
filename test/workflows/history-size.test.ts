/** History size of a long run: it grows linearly with the turns, and contains each text no more often than necessary. */
import type { TurnRequest } from '../../src/contract';
import { coordinateInput, createHarness, type Harness } from '../support/workflows';

let harness: Harness;
beforeAll(async () => (harness = await createHarness()), 60_000);
afterAll(() => harness.stop());

/** 2,000 tokens of four characters. */
const WORDS = 'word '.repeat(1600);

/** Runs a coordination that never satisfies its reviewers; resolves to its history size. */
async function longRun(rounds: number): Promise<{ turns: number; tokens: number; bytes: number; events: number }> {
  harness.asked.length = 0;
  harness.script = ({ turn }: TurnRequest) => `VERDICT: REVISE\n${turn}\n${WORDS}`;
  const input = coordinateInput(rounds);
  const { turns } = await harness.run(input);
  const { historySize, historyLength } = await harness.handle(input.run_id).describe();
  const characters = turns.reduce((sum, { text }) => sum + text.length, 0);
  return { turns: turns.length, tokens: characters / 4, bytes: historySize ?? Infinity, events: historyLength };
}

test('it grows linearly: twice the rounds, twice the history', async () => {
  const [short, long] = [await longRun(2), await longRun(5)];
  const perTurn = ({ bytes, turns }: { bytes: number; turns: number }) => bytes / turns;
  expect(long.turns).toBeGreaterThan(short.turns * 1.7);
  expect(perTurn(long) / perTurn(short)).toBeLessThan(1.15);
  // 100 turns of 2,000 tokens stay below 2 MB
  expect(100 * perTurn(long) * (2000 / (long.tokens / long.turns))).toBeLessThan(2_000_000);
});
