/** The bars that the product must clear, and whether it did. */
import type { Results } from '../rounds';
import { summariseMetric } from './summary';

interface Bar {
  label: string;
  scenario: string;
  metric: string;
  unit: string;
  limit: number;
  /** `none`: not even in the worst round. */
  rule: 'at most' | 'at least' | 'none';
}

export interface Verdict extends Bar {
  /** Undefined when the scenario was not run. */
  value: number | undefined;
  passed: boolean | undefined;
}

const BARS: Bar[] = [
  bar('added to the first token, p50', 'latency', 'first-token.p50', 'at most', 30, 'ms'),
  bar('relay of a token, p50', 'latency', 'relay.p50', 'at most', 1.5, 'ms'),
  bar('last token to end of job, p50', 'latency', 'end.p50', 'at most', 15, 'ms'),
  bar('limits, health and budgets of a call, p50', 'admission', 'on.p50', 'at most', 1.5, 'ms'),
  bar('16 users, 100-token jobs', 'rate-16', 'jobs-per-s', 'at least', 40, 'jobs/s'),
  bar('64 slow streams, damaged tokens', 'streams-64', 'damage', 'none', 0, ''),
  bar('64 slow streams, failed jobs', 'streams-64', 'failed', 'none', 0, ''),
  bar('memory of API and worker after 64 users', 'rate-64', 'memory', 'at most', 450, 'MiB'),
];

function bar(label: string, scenario: string, metric: string, rule: Bar['rule'], limit: number, unit: string): Bar {
  return { label, scenario, metric, rule, limit, unit };
}

export function judge(results: Results): Verdict[] {
  return BARS.map((one) => {
    const summary = summariseMetric(results, one.scenario, 'ours', one.metric);
    const value = one.rule === 'none' ? summary?.max : summary?.median;
    return { ...one, value, passed: value === undefined ? undefined : isCleared(one, value) };
  });
}

function isCleared({ rule, limit }: Bar, value: number): boolean {
  return rule === 'at least' ? value >= limit : value <= limit;
}
