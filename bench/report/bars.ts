/** The bars that the product must clear, whether it cleared them, and by how much it missed them. */
import type { Results } from '../rounds';
import { summariseMetric } from './summary';

interface Bar {
  label: string;
  /** The name of a metric after that of its scenario. */
  figure: [scenario: string, metric: string];
  /** `none`: not even in the worst round. */
  rule: 'at most' | 'at least' | 'none';
  limit: number;
  unit: string;
  /** `direct`: the limit is a multiple of what `direct` needed in the same run. Another figure of the product: a multiple of that. */
  of?: 'direct' | [scenario: string, metric: string];
}

export interface Verdict extends Bar {
  /** In the unit of the limit; undefined if it was not measured. */
  value: number | undefined;
  passed: boolean | undefined;
  /** How far the value is beyond the limit, as a part of the limit; undefined if the bar was cleared. */
  missedBy: number | undefined;
}

const TIMES_DIRECT = { unit: 'x direct', of: 'direct' } as const;

const BARS: Bar[] = [
  atMost('added to the first token, p50', ['latency', 'first-token.p50'], 2.5, TIMES_DIRECT),
  atMost('relay of a token, p50', ['latency', 'relay.p50'], 1.8, TIMES_DIRECT),
  atMost('last token to end of job, p50', ['latency', 'end.p50'], 8, { unit: 'ms' }),
  atMost('limits, health and budgets of a call, p50', ['admission', 'on.p50'], 1.5, { unit: 'ms' }),
  atMost('added to a pipeline of three, p50', ['teams', 'pipeline.p50'], 40, { unit: 'ms' }),
  atLeast('100-token jobs, 16 users', ['rate-16', 'jobs-per-s'], 0.15, TIMES_DIRECT),
  atMost('processor time of these jobs', ['rate-16', 'cpu'], 9, TIMES_DIRECT),
  atLeast('tokens/s of 1,000-token jobs, 16 users', ['long-16', 'tokens-per-s'], 0.85, TIMES_DIRECT),
  atMost('processor time of these jobs', ['long-16', 'cpu'], 1.6, TIMES_DIRECT),
  atMost('100 live streams, cores in use', ['streams-100', 'cores'], 0.4, { unit: 'cores' }),
  atMost('100 live streams, first token, p50', ['streams-100', 'first-token.p50'], 250, { unit: 'ms' }),
  atMost('100 live streams, relay, p99', ['streams-100', 'relay.p99'], 40, { unit: 'ms' }),
  atMost('append of a token in Redis', ['append', 'script'], 25, { unit: 'us' }),
  atMost('memory of a token in Redis', ['append', 'bytes'], 120, { unit: 'bytes' }),
  atLeast('token events through one Redis', ['append', 'events-per-s'], 30_000, { unit: '/s' }),
  atMost('start of a worker, exec to poll', ['boot', 'polling'], 500, { unit: 'ms' }),
  atMost('worker killed: end, model begins anew', ['crash', 'end-anew'], 2700, { unit: 'ms' }),
  atMost('worker killed: end, model continues', ['crash', 'end'], 1, { unit: 'x anew', of: ['crash', 'end-anew'] }),
  none('worker killed: damaged tokens', ['crash', 'damage']),
  atMost('429 twice, extra', ['faults', 'rate-limited'], 60, { unit: 'ms' }),
  atMost('500 twice, extra', ['faults', 'server-error'], 680, { unit: 'ms' }),
  atMost('cut stream, extra', ['faults', 'cut'], 420, { unit: 'ms' }),
  ...[64, 100, 1000].flatMap((count) => [
    none(`${count} streams at once, damaged tokens`, [`streams-${count}`, 'damage']),
    none(`${count} streams at once, failed jobs`, [`streams-${count}`, 'failed']),
    none(`${count} streams at once, restarted`, [`streams-${count}`, 'restarts']),
  ]),
  atMost('memory of API and worker after 64 users', ['rate-64', 'memory'], 350, { unit: 'MiB' }),
];

type Measure = Pick<Bar, 'unit' | 'of'>;

function atMost(label: string, figure: Bar['figure'], limit: number, measure: Measure): Bar {
  return { label, figure, rule: 'at most', limit, ...measure };
}

function atLeast(label: string, figure: Bar['figure'], limit: number, measure: Measure): Bar {
  return { label, figure, rule: 'at least', limit, ...measure };
}

function none(label: string, figure: Bar['figure']): Bar {
  return { label, figure, rule: 'none', limit: 0, unit: '' };
}

export function judge(results: Results): Verdict[] {
  return BARS.map((bar) => {
    const value = measure(results, bar);
    if (value === undefined) return { ...bar, value, passed: undefined, missedBy: undefined };
    const beyond = bar.rule === 'at least' ? bar.limit - value : value - bar.limit;
    const passed = beyond <= 0;
    return { ...bar, value, passed, missedBy: passed ? undefined : beyond / (bar.limit || 1) };
  });
}

function measure(results: Results, { figure: [scenario, metric], rule, of }: Bar): number | undefined {
  const summary = summariseMetric(results, scenario, 'ours', metric);
  if (rule === 'none') return summary?.max;
  if (of === undefined) return summary?.median;
  const base =
    of === 'direct'
      ? summariseMetric(results, scenario, 'direct', metric)
      : summariseMetric(results, of[0], 'ours', of[1]);
  return summary && base && base.median > 0 ? summary.median / base.median : undefined;
}
