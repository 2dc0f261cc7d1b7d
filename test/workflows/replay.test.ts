/**
 * A recorded history of each pattern replays on the current code. A change that breaks one is a new build: open runs stay on the build
 * on which they began, and `npm run record-histories` records the histories again.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { PATTERN_NAMES } from '../../src/workflows/registry';
import { WORKFLOW_BUNDLE } from '../support/workflows';

const { History } = temporal.api.history.v1;
const FOLDER = path.join(__dirname, '../histories');
const NAMES = [...PATTERN_NAMES, 'summarise'].sort();
const readHistory = (name: string) => readFileSync(path.join(FOLDER, `${name}.json`), 'utf8');
const replay = (history: string) =>
  Worker.runReplayHistory(
    { workflowBundle: { codePath: WORKFLOW_BUNDLE } },
    History.fromObject(JSON.parse(history) as object),
  );

test('there is one history of each pattern, and of the summaries of a session', () => {
  const recorded = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
  expect(recorded.sort()).toEqual(NAMES.map((name) => `${name}.json`));
});

test.each(NAMES)('%s replays', (name) => replay(readHistory(name)), 60_000);

test('no history contains a patch marker', () => {
  for (const name of NAMES) expect(readHistory(name)).not.toContain('core_patch');
});

test('a history with another order of turns does not replay', async () => {
  const history = readHistory('strategic').replaceAll('"takeTurn"', '"someOtherActivity"');
  await expect(replay(history)).rejects.toThrow(/[Nn]ondeterminism/);
});

test('the workflow bundle is small and contains neither zod nor a gateway client', () => {
  const [code = '', map = ''] = readFileSync(WORKFLOW_BUNDLE, 'utf8').split(/\/\/# sourceMappingURL=[^,]*,/);
  const { sources } = JSON.parse(Buffer.from(map, 'base64').toString()) as { sources: string[] };
  expect(sources.join('\n')).toMatch(/workflows\/patterns\/build\.ts/);
  expect(sources.join('\n')).not.toMatch(/node_modules\/(zod|openai|ioredis)\//);
  expect(code.length).toBeLessThan(720_000);
});
