/** The parts of pages that show what the benchmark measured, generated from the newest records in bench/results. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { BenchRecord } from '../../bench/report/record';
import { formatNumber, renderVerdict } from '../../bench/report/table';
import { fillBetween, type GeneratedFile } from './partly-generated';

const RESULTS = path.join(__dirname, '../../bench/results');
/** Their names begin with the day, so the newest is the last. */
const records = readdirSync(RESULTS)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => ({
    file,
    record: JSON.parse(readFileSync(path.join(RESULTS, file), 'utf8')) as BenchRecord,
  }));

const [BEGIN, END] = ['figures: written by `npm run generated-files` from bench/results', 'end of figures'].map(
  (mark) => `<!-- ${mark} -->`,
) as [string, string];
const fill = (text: string, content: string) => fillBetween(text, BEGIN, END, content);

export const BENCH_FILES: GeneratedFile[] = [
  { path: 'docs/internals/tests.md', render: (text) => fill(text, renderComparison()) },
  { path: 'docs/operate/capacity.md', render: (text) => fill(text, renderCapacity()) },
];

/** The newest record with a figure of this scenario. */
function findRecord(scenario: string): (typeof records)[number] {
  const found = records.findLast(({ record }) => record.figures.some((figure) => figure.scenario === scenario));
  if (!found) throw new Error(`No record in bench/results has the scenario ${scenario}.`);
  return found;
}

function readFigure({ figures }: BenchRecord, scenario: string, metric: string, subject: string): number | undefined {
  return figures.find((one) => one.scenario === scenario && one.metric === metric && one.subject === subject)?.median;
}

function describeOrigin({ file, record }: (typeof records)[number]): string {
  const { cores, model, memoryGiB, node, temporal, redis, loadBefore } = record.machine;
  const load = loadBefore.toFixed(1);
  return `Measured with ${cores} cores (${model}), ${memoryGiB} GiB, Node ${node}, Temporal ${temporal}, Redis ${redis}; ${load} processes wanted a core before the run. [All figures](../../bench/results/${file}).`;
}

/** Rows of the table: label, scenario, metric and unit. */
const COMPARED = [
  ['added to the first token, p50', 'latency', 'first-token.p50', 'ms'],
  ['relay of a token, gateway to client, p50', 'latency', 'relay.p50', 'ms'],
  ['last token to end of job, p50', 'latency', 'end.p50', 'ms'],
  ['added to three turns in a row, p50', 'teams', 'pipeline.p50', 'ms'],
  ['100-token jobs, 16 users', 'rate-16', 'jobs-per-s', '/s'],
  ['processor time of 1,000 of them', 'rate-16', 'cpu', 's'],
  ['1,000-token jobs, 16 users', 'long-16', 'tokens-per-s', 'tokens/s'],
  ['100 streams at once: cores in use', 'streams-100', 'cores', ''],
  ['100 streams at once: first token, p50', 'streams-100', 'first-token.p50', 'ms'],
  ['100 streams at once: relay, p99', 'streams-100', 'relay.p99', 'ms'],
] as const;

function renderComparison(): string {
  const newest = findRecord('latency');
  const rows = COMPARED.map(([label, scenario, metric, unit]) => {
    const [direct, ours] = ['direct', 'ours'].map((subject) => readFigure(newest.record, scenario, metric, subject));
    const ratio = direct && ours && direct > 0 ? formatNumber(ours / direct) : '';
    return `| ${label} | ${format(direct, unit)} | ${format(ours, unit)} | ${ratio} |`;
  });
  const bars = newest.record.bars.filter(({ value }) => value !== undefined).map(renderVerdict);
  return [
    '',
    describeOrigin(newest),
    '',
    '| | direct | Murmuration | ratio |',
    '|---|---|---|---|',
    ...rows,
    '',
    'The bars, and by how much they were missed:',
    '',
    '```',
    ...bars.map((line) => line.trim()),
    '```',
    '',
    '',
  ].join('\n');
}

const COUNTS = [1, 10, 100, 1000];
const NEEDS = [
  ['cores in use', 'cores', ''],
  ['of which worker', 'cores.worker', ''],
  ['of which API', 'cores.api', ''],
  ['of which Redis', 'cores.redis', ''],
  ['of which Temporal', 'cores.temporal', ''],
  ['memory', 'memory', 'MiB'],
  ['of which worker', 'memory.worker', 'MiB'],
  ['of which API', 'memory.api', 'MiB'],
  ['of which Redis', 'memory.redis', 'MiB'],
  ['of which Temporal', 'memory.temporal', 'MiB'],
  ['relay of a token, p50', 'relay.p50', 'ms'],
  ['relay of a token, p99', 'relay.p99', 'ms'],
  ['Redis, a live stream in its middle', 'redis.live', 'bytes'],
  ['Redis, an ended run of 600 tokens', 'redis.stored', 'bytes'],
  ['Redis, the same after compaction', 'redis.compacted', 'bytes'],
  ['Temporal, an ended run, on disk', 'temporal.stored', 'bytes'],
] as const;

function renderCapacity(): string {
  const newest = findRecord('capacity-1000');
  const rows = NEEDS.map(([label, metric, unit]) => {
    const cells = COUNTS.map((count) => format(readFigure(newest.record, `capacity-${count}`, metric, 'ours'), unit));
    return `| ${[label, ...cells].join(' | ')} |`;
  });
  return [
    '',
    describeOrigin(newest),
    '',
    `| streams | ${COUNTS.join(' | ')} |`,
    '|---|---|---|---|---|',
    ...rows,
    '',
    '',
  ].join('\n');
}

function format(value: number | undefined, unit: string): string {
  return value === undefined ? '' : `${formatNumber(value)} ${unit}`.trim();
}
