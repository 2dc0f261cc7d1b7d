/** The results as a table to read: a block for each scenario, medians with their spread, and ratios. */
import type { Results } from '../rounds';
import type { Metric, Scenario } from '../scenarios/scenario';
import type { Summary } from '../statistics';
import { SUBJECTS, type SubjectName } from '../systems/system';
import type { Verdict } from './bars';
import { summariseMetric } from './summary';

const LABEL_WIDTH = 44;
const COLUMN_WIDTH = 24;
const RATIO_WIDTH = 15;
/** What is divided by what, where both are there. */
const RATIOS: [SubjectName, SubjectName][] = [
  ['ours', 'direct'],
  ['against', 'ours'],
];

export function renderTable(results: Results): string {
  return [...results.keys()]
    .filter((scenario) => results.get(scenario)?.size)
    .map((scenario) => renderScenario(results, scenario))
    .join('\n\n');
}

function renderScenario(results: Results, { name, title, metrics }: Scenario): string {
  const all = [...results.values()].flatMap((bySubject) => [...bySubject.keys()]);
  const columns = SUBJECTS.filter((subject) => all.includes(subject));
  const ratios = RATIOS.filter((pair) => pair.every((subject) => columns.includes(subject)));
  const summaryOf = (subject: SubjectName, { key }: Metric) => summariseMetric(results, name, subject, key);
  const header = row(
    '',
    columns,
    ratios.map((pair) => pair.join('/')),
  );
  const lines = metrics.map((metric) =>
    row(
      `  ${metric.label}`,
      columns.map((subject) => cell(summaryOf(subject, metric), metric)),
      ratios.map(([a, b]) => ratio(summaryOf(a, metric), summaryOf(b, metric), metric)),
    ),
  );
  return [title, header, ...lines].join('\n');
}

function row(label: string, cells: readonly string[], ratios: readonly string[]): string {
  const body = cells.map((text) => text.padStart(COLUMN_WIDTH)).join('');
  return label.padEnd(LABEL_WIDTH) + body + ratios.map((text) => text.padStart(RATIO_WIDTH)).join('');
}

function cell(summary: Summary | undefined, { kind }: Metric): string {
  if (!summary) return '-';
  const { median, min, max, rounds } = summary;
  if (kind === 'yes-no') return min === 1 ? 'yes' : max === 0 ? 'no' : 'not always';
  if (kind === 'count') return String(max);
  return rounds.length === 1 ? number(median) : `${number(median)} (${number(min)}-${number(max)})`;
}

function ratio(above: Summary | undefined, below: Summary | undefined, { kind }: Metric): string {
  return kind || !above || !below || below.median <= 0 ? '' : number(above.median / below.median);
}

/** Three digits are more than two cores can be trusted with. */
export function number(value: number): string {
  const size = Math.abs(value);
  if (size >= 10_000) return `${(value / 1000).toFixed(1)}k`;
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

export function renderVerdict({ label, rule, limit, unit, value, passed }: Verdict): string {
  const bar = rule === 'none' ? 'none' : `${rule} ${limit} ${unit}`;
  const found = value === undefined ? 'not measured' : `${number(value)} ${unit}`.trim();
  const word = passed === undefined ? '' : passed ? 'pass' : 'MISS';
  return `  ${label.padEnd(LABEL_WIDTH - 2)}${bar.padEnd(22)}${found.padEnd(18)}${word}`.trimEnd();
}
