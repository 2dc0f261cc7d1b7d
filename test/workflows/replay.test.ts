/**
 * Histories that were recorded by earlier versions must replay on today's code: open runs survive a deployment.
 * `RECORD_HISTORIES=1 npm test -- replay` writes new ones beside the old ones; a recorded history is never replaced.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import type { SwarmRunInput } from '../../src/contract';
import { ownSwarm } from '../support/own-swarms';
import { until } from '../support/stack';
import {
  coordinateInput,
  createTheatre,
  multiInput,
  ownInput,
  report,
  swarmInput,
  WORKFLOW_BUNDLE,
} from '../support/workflows';

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
    // the draft, the other coder and the repair fail, so that a second round and four executions stand in the history
    theatre.execution = ({ turn }) =>
      /draft$|(other|repair)-1$/.test(turn) ? report([{ passed: false, error: 'f(1) returned 3' }]) : report([{}]);
    const minute = new Date().toISOString().slice(0, 16).replace(':', '');
    const keep = async (name: string, id: string) => {
      const history = await theatre.handle(id).fetchHistory();
      const json = History.toObject(History.fromObject(history), { longs: String, enums: String, bytes: String });
      writeFileSync(path.join(FOLDER, `${minute}-${name}.json`), `${JSON.stringify(json, null, 1)}\n`, { flag: 'wx' });
    };
    const record = async (name: string, input: SwarmRunInput, during = async () => {}) => {
      const handle = await theatre.start(input);
      await during();
      await handle.result();
      await keep(name, input.run_id);
    };
    try {
      for (const id of ['strategic-swarm', 'debate-swarm']) await record(id, swarmInput(id));
      await record('build', swarmInput('coding-swarm'));
      await record('reviewed', { ...swarmInput('strategic-swarm'), reviews_as_data: true });
      const given = swarmInput('coding-swarm');
      theatre.comparison = (turns) => ({
        calls: 9,
        support: turns.map(() => 9),
        agreeing: turns.map(() => turns.length),
      });
      await record('drafts', { ...given, swarm: { ...given.swarm, build: { drafts: 3 } } });
      await record('consensus', multiInput(['strategic-swarm', 'coding-swarm'], 'consensus'));
      await record('panel', ownInput(ownSwarm('jury')));
      const remembering = swarmInput('strategic-swarm');
      const { session_id } = remembering;
      const said = [{ role: 'user' as const, content: 'The name is Ada.' }];
      const stretch = { session_id, born: session_id, summary: '', messages: said, max_tokens: 25 };
      theatre.stretches.push({ ...stretch, from: 0, to: 4 }, { ...stretch, from: 4, to: 6 });
      theatre.cutOff = ({ run_id }) => run_id.endsWith('-0-4');
      await theatre.run(remembering);
      await theatre.handle(`memory:${session_id}`).result();
      await keep('summarise', `memory:${session_id}`);
      await record('pipeline', ownInput(ownSwarm('cookbook'), ['jury', 'translator'].map(ownSwarm)));
      const steered = { ...coordinateInput(), gates: { approve_plan: true } };
      const { run_id } = steered;
      const say = (name: string, said: object) =>
        theatre.handle(run_id).executeUpdate<unknown, [object]>(name, { args: [said], updateId: name });
      await record('coordinate', steered, async () => {
        await until(() => theatre.announced.some(({ name }) => name === 'gate.opened:plan'));
        await say('message', { content: 'Be brief.', interrupt: true });
        await say('pause', {});
        await say('approve', { reason: 'good' });
        await say('resume', {});
      });
    } finally {
      await theatre.stop();
    }
  }, 60_000);
}

const KINDS = [
  'strategic-swarm',
  'coding-swarm',
  'build',
  'reviewed',
  'drafts',
  'debate-swarm',
  'coordinate',
  'consensus',
  'panel',
  'pipeline',
  'summarise',
];

test('there is a history of each kind of run', () => {
  for (const kind of KINDS) {
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
  const [code = '', map = ''] = readFileSync(WORKFLOW_BUNDLE, 'utf8').split(/\/\/# sourceMappingURL=[^,]*,/);
  const { sources } = JSON.parse(Buffer.from(map, 'base64').toString()) as { sources: string[] };
  expect(sources.join('\n')).toMatch(/workflows\/patterns\/build\.ts/);
  expect(sources.join('\n')).not.toMatch(/node_modules\/(zod|openai|ioredis)\//);
  expect(code.length).toBeLessThan(700_000);
});
