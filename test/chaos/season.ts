/** One seed: eight runs that stream to readers while the installation is harmed, and whether all of them agree in the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunSnapshot, TurnResult } from '../../src/contract';
import { createEventReader } from '../../src/redis/events';
import { eventsOf, fold } from '../redis/fixtures';
import { createChance, type Chance } from '../support/chance';
import { get, post, textsOf, type JsonReply } from '../support/readers';
import { carryOut, planFaults, type Planned } from './faults';
import { ChaosReader } from './readers';
import { scriptRun, UNMARKED } from './upstream';
import type { World } from './world';

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

export interface Season {
  seed: number;
  faults: Planned[];
  /** What was wrong; empty when nothing was. */
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
  /** What each model says in this run. */
  texts: Record<string, string>;
  readers: ChaosReader[];
}

export async function playSeason(world: World, seed: number, given?: Planned[]): Promise<Season> {
  const chance = createChance(seed);
  const startedAt = Date.now();
  const faults = given ?? planFaults(chance);
  const harm = carryOut(world, faults, chance);
  const runs = await Promise.all(SWARMS.map((swarm, i) => begin(world, swarm, `chaos ${seed}-${i}.`, chance)));
  const reading = Promise.all(runs.flatMap(({ readers }) => readers.map((reader) => reader.read())));
  const problems: string[] = [];
  await Promise.race([
    reading.catch((error: unknown) => problems.push(String(error))),
    sleep(LIMIT_MS, undefined, { ref: false }).then(() => problems.push('It took too long.')),
  ]);
  await harm;
  // a stream that its readers could not fold cannot be read by the API either
  if (problems.length === 0) for (const run of runs) problems.push(...(await judge(world, run)));
  const readers = runs.flatMap((run) => run.readers);
  const season = {
    seed,
    faults,
    problems,
    runs: runs.length,
    calls: world.gateway.calls().length,
    connections: readers.reduce((sum, { connections }) => sum + connections, 0),
    resets: readers.reduce((sum, { resets }) => sum + resets, 0),
    ms: Date.now() - startedAt,
  };
  world.gateway.reset();
  return season;
}

async function begin(world: World, swarm_id: string, marker: string, chance: Chance): Promise<Observed> {
  const texts = scriptRun(world, marker, chance);
  const key = { 'Idempotency-Key': `${marker} ${world.urls[0]}` };
  const order = { swarm_id, message: `Say it, ${marker}`, wait: false };
  const { body } = await insist(world, chance, (url) => post(`${url}/swarm/execute`, order, key));
  const runId = (body as { run_id: string }).run_id;
  const readers = (['ws', 'sse'] as const).map((kind) => new ChaosReader(runId, world.urls, chance, kind));
  return { runId, marker, texts, readers };
}

/** Asks until an API answers with something else than "later". */
async function insist(world: World, chance: Chance, ask: (url: string) => Promise<JsonReply>): Promise<JsonReply> {
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; await sleep(RETRY_MS)) {
    const reply = await ask(chance.pick(world.urls)).catch(() => undefined);
    if (reply && reply.status < 500) return reply;
  }
  throw new Error('No API answers.');
}

/** Every reader's text, the result, the stream in Redis and what the models said are one. */
async function judge(world: World, { runId, marker, texts, readers }: Observed): Promise<string[]> {
  const problems: string[] = [];
  const demand = (holds: boolean, what: string) => {
    if (!holds) problems.push(`${runId}: ${what}`);
  };
  const { body } = await insist(world, createChance(1), (url) => get(`${url}/runs/${runId}`));
  demand(body.status === 'completed', `ended as ${body.status}: ${JSON.stringify(body.failure ?? body.error)}`);
  const stream = await eventsOf(createEventReader(world.connection), runId);
  const seen: [string, RunSnapshot][] = [
    // of a run that had ended when Redis was emptied, only Temporal knows
    ...(stream.length > 0 ? [['Redis', fold(stream)] as [string, RunSnapshot]] : []),
    ...readers.map(({ kind, run }): [string, RunSnapshot] => [kind, run]),
  ];
  for (const turn of (body.turns ?? []) as TurnResult[]) {
    demand([texts[turn.model], UNMARKED].includes(turn.text), `${turn.turn} is not what ${turn.model} said`);
    for (const [who, run] of seen) demand(textsOf(run)[turn.turn] === turn.text, `${who} has another ${turn.turn}`);
  }
  for (const [who, { status }] of seen) demand(status === 'completed', `${who} saw it end as ${status}`);
  for (const model of Object.keys(texts)) {
    const ends = stream.flatMap(({ event }) =>
      event.type === 'turn.completed' && event.model === model ? [event.at] : [],
    );
    const calls = world.gateway.calls(model).filter(({ body: sent }) => JSON.stringify(sent).includes(marker));
    const late = ends.length === 0 ? [] : calls.filter(({ at }) => at > Math.max(...ends) + 1);
    demand(late.length === 0, `${model} was called after its turn had been finished`);
  }
  return problems;
}
