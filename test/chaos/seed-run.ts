/** One seed: eight runs stream to readers while faults are injected; afterwards all records must agree. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunSnapshot, TurnResult } from '../../src/contract';
import { createEventReader } from '../../src/redis/events';
import { listEvents, fold } from '../redis/fixtures';
import { createChance, type Chance } from '../support/chance';
import { get, post, listTexts, type JsonReply } from '../support/readers';
import { execute, planFaults, type Planned } from './faults';
import { ChaosReader } from './readers';
import { scriptRun, UNMARKED } from './upstream';
import type { Cluster } from './cluster';

const SWARMS = [
  'one-voice',
  'one-voice',
  'one-voice',
  'one-voice',
  'one-voice',
  'debate-swarm',
  'debate-swarm',
  'debate-swarm',
];
const LIMIT_MS = 90_000;
const RETRY_MS = 200;

export interface SeedRun {
  seed: number;
  faults: Planned[];
  /** The problems found; empty if there were none. */
  problems: string[];
  runs: number;
  calls: number;
  connections: number;
  resets: number;
  ms: number;
}

interface Observed {
  runId: string;
  marker: string;
  /** The text of each model in this run. */
  texts: Record<string, string>;
  readers: ChaosReader[];
}

export async function runSeed(cluster: Cluster, seed: number, given?: Planned[]): Promise<SeedRun> {
  const chance = createChance(seed);
  const startedAt = Date.now();
  const faults = given ?? planFaults(chance);
  const harm = execute(cluster, faults, chance);
  const runs = await Promise.all(SWARMS.map((swarm, i) => begin(cluster, swarm, `chaos ${seed}-${i}.`, chance)));
  const reading = Promise.all(runs.flatMap(({ readers }) => readers.map((reader) => reader.read())));
  const problems: string[] = [];
  await Promise.race([
    reading.catch((error: unknown) => problems.push(String(error))),
    sleep(LIMIT_MS, undefined, { ref: false }).then(() => problems.push('It took too long.')),
  ]);
  await harm;
  // a stream that readers could not fold cannot be read by the API either
  if (problems.length === 0) for (const run of runs) problems.push(...(await judge(cluster, run)));
  const readers = runs.flatMap((run) => run.readers);
  const seedRun = {
    seed,
    faults,
    problems,
    runs: runs.length,
    calls: cluster.gateway.calls().length,
    connections: readers.reduce((sum, { connections }) => sum + connections, 0),
    resets: readers.reduce((sum, { resets }) => sum + resets, 0),
    ms: Date.now() - startedAt,
  };
  cluster.gateway.reset();
  return seedRun;
}

async function begin(cluster: Cluster, swarm_id: string, marker: string, chance: Chance): Promise<Observed> {
  const texts = scriptRun(cluster, marker, chance);
  const key = { 'Idempotency-Key': `${marker} ${cluster.urls[0]}` };
  const order = { swarm_id, message: `Say it, ${marker}`, wait: false };
  const { body } = await insist(cluster, chance, (url) => post(`${url}/swarm/execute`, order, key));
  const runId = (body as { run_id: string }).run_id;
  const readers = (['ws', 'sse'] as const).map((kind) => new ChaosReader(runId, cluster.urls, chance, kind));
  return { runId, marker, texts, readers };
}

/** Repeats a request until an API returns something other than a retryable error. */
async function insist(cluster: Cluster, chance: Chance, ask: (url: string) => Promise<JsonReply>): Promise<JsonReply> {
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; await sleep(RETRY_MS)) {
    const reply = await ask(chance.pick(cluster.urls)).catch(() => undefined);
    if (reply && reply.status < 500) return reply;
  }
  throw new Error('No API answers.');
}

/** Checks that every reader's text, the result, the stream in Redis and the models' texts are equal. */
async function judge(cluster: Cluster, { runId, marker, texts, readers }: Observed): Promise<string[]> {
  const problems: string[] = [];
  const demand = (holds: boolean, what: string) => {
    if (!holds) problems.push(`${runId}: ${what}`);
  };
  const { body } = await insist(cluster, createChance(1), (url) => get(`${url}/runs/${runId}`));
  demand(body.status === 'completed', `ended as ${body.status}: ${JSON.stringify(body.failure ?? body.error)}`);
  const stream = await listEvents(createEventReader(cluster.connection), runId);
  const seen: [string, RunSnapshot][] = [
    // if a run had ended before Redis was emptied, only Temporal still has it
    ...(stream.length > 0 ? [['Redis', fold(stream)] as [string, RunSnapshot]] : []),
    ...readers.map(({ kind, run }): [string, RunSnapshot] => [kind, run]),
  ];
  for (const turn of (body.turns ?? []) as TurnResult[]) {
    demand([texts[turn.model], UNMARKED].includes(turn.text), `${turn.turn} is not what ${turn.model} said`);
    for (const [who, run] of seen) demand(listTexts(run)[turn.turn] === turn.text, `${who} has another ${turn.turn}`);
  }
  for (const [who, { status }] of seen) demand(status === 'completed', `${who} saw it end as ${status}`);
  for (const model of Object.keys(texts)) {
    const ends = stream.flatMap(({ event }) =>
      event.type === 'turn.completed' && event.model === model ? [event.at] : [],
    );
    const calls = cluster.gateway.calls(model).filter(({ body: sent }) => JSON.stringify(sent).includes(marker));
    const end = Math.max(...ends);
    const late = ends.length === 0 ? [] : calls.filter(({ at }) => at > end + 1);
    const told = late.map(({ at, endedBy, tokensSent }) => `${at - end} ms later, ${tokensSent} tokens, ${endedBy}`);
    demand(late.length === 0, `${model} was called after its turn had been finished: ${told.join('; ')}`);
  }
  return problems;
}
