/** Patterns for user-defined swarms: a role with its own prompt, a panel, a pipeline, and code with required checks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { ownSwarm } from '../support/own-swarms';
import { until } from '../support/stack';
import { createHarness, ownInput, report, type Harness } from '../support/workflows';

let harness: Harness;
beforeAll(async () => (harness = await createHarness()), 60_000);
afterAll(() => harness.stop());
beforeEach(() => {
  harness.asked.length = harness.closed.length = harness.verified.length = 0;
  harness.script = ({ turn }) => `text of ${turn}`;
});

const turns = () => harness.asked.map(({ turn }) => turn);
/** The prompt of a turn, with `<turn>` for a reference to another turn's text. */
function question(turn: string): string {
  const asked = harness.asked.find((request) => request.turn === turn);
  const parts = asked?.messages.flatMap((message) => message.parts) ?? [];
  return parts.map((part) => (typeof part === 'string' ? part : `<${part.turn}>`)).join('');
}
const own = (id: string) => ownInput(ownSwarm(id), ['jury', 'translator', 'cookbook'].map(ownSwarm));
function failing(...roles: string[]): void {
  harness.script = ({ turn }) => {
    if (roles.includes(turn)) throw ApplicationFailure.nonRetryable('is gone', 'MODEL_NOT_FOUND');
    return `text of ${turn}`;
  };
}

describe('a role with its own prompt and models', () => {
  test('receives that prompt and uses those models', async () => {
    await harness.run(own('translator'));
    expect(question('answer')).toBe('Into French: The task\nMind {{braces}}.');
    expect(harness.asked[0]?.definition.models).toEqual(['vendor/first', 'vendor/second']);
  });

  test('uses the alias that a fork sets', async () => {
    const input = own('translator');
    const edits = [{ from: 'answer', edit: { alias: 'fast' as const } }];
    await harness.run({
      ...input,
      fork: { run_id: 'before', from: 'answer', edits, recorded: {}, context_of: 'before' },
    });
    expect(harness.asked[0]?.definition).toMatchObject({ alias: 'fast' });
    expect(harness.asked[0]?.definition).not.toHaveProperty('models');
  });
});

describe('panel', () => {
  test('all roles start before one finishes, and the chair concludes from their answers', async () => {
    const result = await harness.run(own('jury'));
    expect(turns().slice(0, 3).sort()).toEqual(['baker', 'grocer', 'guest']);
    expect(turns()[3]).toBe('chair');
    expect(question('grocer')).toBe('Would you sell this? The task');
    expect(question('guest')).toBe('The task');
    expect(question('chair')).toBe('# Task\nThe task\n\n# Baker\n<baker>\n\n# Grocer\n<grocer>\n\n# Guest\n<guest>');
    expect(result).toMatchObject({ answers: ['baker', 'grocer', 'guest', 'chair'], failures: [] });
  });

  test('without a chair the answers are those of its roles', async () => {
    const { answers } = await harness.run(own('circle'));
    expect(answers).toEqual(['baker', 'guest']);
    expect(turns()).toHaveLength(2);
  });

  test("the chair's own prompt determines where the answers are inserted", async () => {
    await harness.run(own('addressed'));
    expect(question('chair')).toBe('The task The guest says <guest>. All: # Baker\n<baker>\n\n# Guest\n<guest>');
  });

  test('the chair is told of a role that failed, and the others answer', async () => {
    failing('guest');
    const result = await harness.run(own('addressed'));
    expect(result.answers).toEqual(['baker', 'chair']);
    expect(result.failures).toMatchObject([{ turn: 'guest', code: 'MODEL_NOT_FOUND' }]);
    const asked = question('chair');
    expect(asked).toContain('The guest says (was not heard).');
    expect(asked).toContain('Not heard: Guest (is gone). Only 1 of the 2 that were needed were heard. Say so.');
  });

  test('a role that is late after the quorum is cancelled and recorded', async () => {
    harness.script = async ({ turn }) => {
      if (turn === 'guest') await sleep(4000);
      return `text of ${turn}`;
    };
    const result = await harness.run(own('jury'));
    expect(result.answers).toEqual(['baker', 'grocer', 'chair']);
    expect(result.failures).toMatchObject([{ turn: 'guest', code: 'CUT_OFF' }]);
    expect(question('chair')).toMatch(/Not heard: Guest \(.*\)\. Say so\.$/);
  });

  test('fails with the common cause if all roles fail', async () => {
    failing('baker', 'guest');
    await expect(harness.run(own('circle'))).rejects.toMatchObject({ cause: { type: 'MODEL_NOT_FOUND' } });
  });
});

describe('pipeline', () => {
  test('each stage receives what its prompt names, or by default the task and the previous answer', async () => {
    const result = await harness.run(own('cookbook'));
    expect(turns().slice(3)).toEqual(['taste/chair', 'recipe/answer', 'check/answer', 'last/answer']);
    const translated = (text: string) => `Into French: ${text}\nMind {{braces}}.`;
    expect(question('taste/guest')).toBe('The task');
    expect(question('recipe/answer')).toBe(translated('Write a recipe. <taste/chair>'));
    expect(question('check/answer')).toBe(translated('The task\n\n# Answer of recipe\n<recipe/answer>'));
    expect(question('last/answer')).toBe(translated('<taste/chair>/<check/answer>/The task'));
    expect(result.answers).toEqual(['taste/chair', 'recipe/answer', 'check/answer', 'last/answer']);
    expect(result.stages?.map(({ stage, team_id }) => [stage, team_id])).toEqual([
      ['taste', 'jury'],
      ['recipe', 'translator'],
      ['check', 'translator'],
      ['last', 'translator'],
    ]);
  });

  test('may be a stage of another, which receives its last answer', async () => {
    const result = await harness.run(own('library'));
    expect(turns()).toHaveLength(8);
    expect(question('index/answer')).toContain('Index: <books/last/answer>');
    expect(result.answers).toEqual(['books/last/answer', 'index/answer']);
    expect(result.stages?.map(({ stage }) => stage)).toEqual([
      ...['books/taste', 'books/recipe', 'books/check', 'books/last', 'books', 'index'],
    ]);
  });

  test('the first stage that fails ends the run, which keeps its partial result', async () => {
    failing('check/answer');
    await expect(harness.run(own('cookbook'))).rejects.toMatchObject({ cause: { type: 'MODEL_NOT_FOUND' } });
    expect(turns()).not.toContain('last/answer');
    expect(harness.closed[0]).toMatchObject({ status: 'failed', failure: { code: 'MODEL_NOT_FOUND' } });
    expect(harness.closed[0]?.result.turns.map(({ turn }) => turn)).toContain('recipe/answer');
  });

  test('can be cancelled like any other run', async () => {
    harness.script = async ({ turn }) => {
      if (turn === 'recipe/answer') await harness.handle(input.run_id).cancel();
      return `text of ${turn}`;
    };
    const input = own('cookbook');
    await expect(harness.run(input)).rejects.toThrow();
    await until(() => harness.closed[0]?.status === 'cancelled');
    expect(turns()).not.toContain('last/answer');
  });
});

describe('build', () => {
  test('checks of the file are executed with those of the request, and a failure goes back to the coder', async () => {
    harness.execution = ({ turn }) =>
      report([{ name: 'spaces', passed: turn !== 'draft', error: "slug('A B') returned 'A B', expected 'a-b'" }]);
    const { verification } = await harness.run(own('slugs'));
    const [check] = harness.verified;
    expect(check?.checks).toEqual([{ name: 'spaces', code: "slug('A B')", expected: "'a-b'" }]);
    expect(question('repair-1')).toContain("slug('A B') returned 'A B', expected 'a-b'");
    expect(verification).toMatchObject({ passed: true, rounds: 1, turn: 'repair-1' });
  });
});
