/**
 * Histories that were recorded by earlier versions must replay on today's code: open runs survive a deployment.
 * `RECORD_HISTORIES=1 npm test -- replay` writes new ones beside the old ones; a recorded history is never replaced.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { coordinateInput, createTheatre, swarmInput, WORKFLOW_BUNDLE } from '../support/workflows';

const { History } = temporal.api.history.v1;
const FOLDER = path.join(__dirname, '../histories');
const recorded = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
const readHistory = (file: string) => JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as unknown;
const replay = (history: unknown) =>
  Worker.runReplayHistory({ workflowBundle: { codePath: WORKFLOW_BUNDLE } }, History.fromObject(history as object));

if (process.env.RECORD_HISTORIES) {
  test('records', async () => {
    const theatre = await createTheatre();
    theatre.script = ({ turn }) => (turn.endsWith('summary') ? 'VERDICT: REVISE' : `text of ${turn}`);
    const day = new Date().toISOString().slice(0, 10);
    const keep = async (name: string, id: string) => {
      const history = await theatre.handle(id).fetchHistory();
      const json = History.toObject(History.fromObject(history), { longs: String, enums: String, bytes: String });
      writeFileSync(path.join(FOLDER, `${day}-${name}.json`), `${JSON.stringify(json, null, 1)}\n`, { flag: 'wx' });
    };
    try {
      for (const id of ['strategic-swarm', 'coding-swarm', 'debate-swarm']) {
        const input = swarmInput(id);
        await theatre.run(input);
        await keep(id, input.run_id);
      }
      const input = coordinateInput();
      await theatre.run(input);
      await keep('coordinate', input.run_id);
    } finally {
      await theatre.stop();
    }
  }, 60_000);
}

test('there is a history of each kind of run', () => {
  for (const kind of ['strategic-swarm', 'coding-swarm', 'debate-swarm', 'coordinate']) {
    expect(recorded.some((file) => file.endsWith(`${kind}.json`))).toBe(true);
  }
});

test.each(recorded.length > 0 ? recorded : ['nothing'])('%s replays', (file) => replay(readHistory(file)), 60_000);

test('a history in which the turns came in another order does not replay', async () => {
  const file = recorded.find((name) => name.endsWith('strategic-swarm.json')) ?? '';
  const text = JSON.stringify(readHistory(file)).replaceAll('"takeTurn"', '"someOtherActivity"');
  await expect(replay(JSON.parse(text))).rejects.toThrow(/[Nn]ondeterminism/);
}, 60_000);

test('the workflow bundle is small and holds neither zod nor a gateway client', () => {
  expect(statSync(WORKFLOW_BUNDLE).size).toBeLessThan(2_000_000);
  const bundle = readFileSync(WORKFLOW_BUNDLE, 'utf8');
  expect(bundle).not.toMatch(/node_modules\/(zod|openai|ioredis)\//);
});
