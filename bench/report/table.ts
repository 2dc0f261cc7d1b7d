/** Formats the results as a table: a block per scenario, medians with their spread, and ratios. */
import type { Results } from '../rounds';
import type { Metric, Scenario } from '../scenarios/scenario';
import type { Summary } from '../statistics';
import { SUBJECTS, type SubjectName } from '../systems/system';
import type { Verdict } from './bars';
import { summariseMetric } from './summary';

const LABEL_WIDTH = 44;
const COLUMN_WIDTH = 24;
const RATIO_WIDTH = 15;
/** The ratios shown if both subjects are present: the first divided by the second. */
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
  const summarise = (subject: SubjectName, { key }: Metric) => summariseMetric(results, name, subject, key);
  const header = row(
    '',
    columns,
    ratios.map((pair) => pair.join('/')),
  );
  const lines = metrics.map((metric) =>
    row(
      `  ${metric.label}`,
      columns.map((subject) => cell(summarise(subject, metric), metric)),
      ratios.map(([a, b]) => ratio(summarise(a, metric), summarise(b, metric), metric)),
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
  return rounds.length === 1
    ? formatNumber(median)
    : `${formatNumber(median)} (${formatNumber(min)}-${formatNumber(max)})`;
}

function ratio(above: Summary | undefined, below: Summary | undefined, { kind }: Metric): string {
  return kind || !above || !below || below.median <= 0 ? '' : formatNumber(above.median / below.median);
}

/** Formats to three digits; more would exceed the accuracy of two cores. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 10_000) return `${(value / 1000).toFixed(1)}k`;
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

export function renderVerdict({ label, rule, limit, unit, value, passed, missedBy }: Verdict): string {
  const bar = rule === 'none' ? 'none' : `${rule} ${limit} ${unit}`;
  const found = value === undefined ? 'not measured' : `${formatNumber(value)} ${unit}`.trim();
  const word = passed === undefined ? '' : passed ? 'pass' : renderMiss(rule, value, missedBy);
  return `  ${label.padEnd(LABEL_WIDTH - 2)}${bar.padEnd(24)}${found.padEnd(18)}${word}`.trimEnd();
}

function renderMiss(rule: Verdict['rule'], value = NaN, missedBy = NaN): string {
  return rule === 'none' ? `MISSED by ${value}` : `MISSED by ${formatNumber(missedBy * 100)} %`;
}
