/** Lines of an evaluation: they outlive a killed process, may come from another machine, and are never counted twice. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openResults, summarise, type Result } from '../../eval/results';

const folder = mkdtempSync(path.join(tmpdir(), 'murmuration-test-eval-'));
afterAll(() => rmSync(folder, { recursive: true }));

const line = (number: number, passed: boolean): Result => ({
  task_id: `HumanEval/${number}`,
  system: 'swarm',
  passed,
  verified: passed,
  rounds: 0,
  turns: 2,
  prompt_tokens: 300,
  completion_tokens: 100,
  seconds: 10,
});

test('a process that is killed while it writes loses that line only', () => {
  const file = path.join(folder, 'here', 'results.jsonl');
  openResults(file).add(line(1, true));
  appendFileSync(file, JSON.stringify(line(2, true)).slice(0, 40));
  const { has, add } = openResults(file);
  expect([has('HumanEval/1', 'swarm'), has('HumanEval/2', 'swarm')]).toEqual([true, false]);
  add(line(2, false));
  expect(openResults(file).all()).toEqual([line(1, true), line(2, false)]);
});

test('lines of another machine count, and are not written again', () => {
  const [earlier, file] = [path.join(folder, 'measured.jsonl'), path.join(folder, 'new.jsonl')];
  writeFileSync(earlier, `${JSON.stringify(line(1, false))}\n`);
  const results = openResults(file, earlier);
  expect([results.has('HumanEval/1', 'swarm'), results.has('HumanEval/1', 'single')]).toEqual([true, false]);
  results.add(line(2, true));
  expect(openResults(file).all()).toEqual([line(2, true)]);
  expect(summarise(results.all(), 'swarm')).toBe(
    'coding-swarm: pass@1 50.0 (1 of 2), 400 tokens (100 written), 2.0 calls of 10.0 s in all a problem',
  );
  expect(summarise(results.all(), 'drafts')).toBe('drafts: nothing yet');
});

test('tells how long problems took from start to end, of those that have it', () => {
  const results = [line(1, true), ...[8, 30, 6].map((elapsed_seconds) => ({ ...line(2, true), elapsed_seconds }))];
  expect(summarise(results, 'swarm')).toMatch(/, 3 of them took p50 8\.0 s from start to end$/);
});
