/** What is printed after a run: the verdict, the usage, the link, and last how the answer did. */
import type { RunView } from '../contract/replies';
import type { DescribedState } from '../events/run-state';
import { toPrintableLine } from '../printable';
import type { StreamFrame } from './run-stream';

export interface Summary {
  last: StreamFrame;
  state: DescribedState;
  models: string[];
  seconds: number;
  /** The address of the run in the dashboard. */
  link: string;
  verdict: RunView['verdict'] | undefined;
}

/** The lines in the order in which they are printed. */
export function summariseRun({ last, state, models, seconds, link, verdict }: Summary): string[] {
  const { run_id, cost_usd, checks_summary: checks } = last;
  const answeredBy = toPrintableLine(models.join(', ')) || 'no model answered';
  const cost = cost_usd ? `; $${cost_usd.toFixed(4)}` : '';
  const ending = checks ? `${state.label}. ${checks.sentence}` : describeEnding(last, state);
  return [
    ...(verdict ? describeVerdict(verdict) : []),
    `${run_id}: ${answeredBy}; ${describeTokens(last)}${cost}; ${seconds.toFixed(1)} s`,
    link,
    ending,
  ].map(toPrintableLine);
}

function describeEnding({ event, code, message }: StreamFrame, { label }: DescribedState): string {
  return event === 'run.completed' ? label : `${label}, ${code}: ${message}`;
}

function describeTokens({ usage }: StreamFrame): string {
  if (!usage) return 'tokens not reported';
  const { prompt_tokens: read, completion_tokens: written } = usage;
  return `${read} tokens read + ${written} written = ${read + written}`;
}

type Verdict = NonNullable<RunView['verdict']>;

function describeVerdict({ decision, confidence, stance, agreement, dissent, review }: Verdict): string[] {
  const parts = [
    ...(decision ? [`${decision}${confidence === null ? '' : ` (${toPercent(confidence)} confident)`}`] : []),
    ...(stance ? [`most voices: ${stance}`] : []),
    ...(agreement === null ? [] : [`agreement ${toPercent(agreement)}`]),
    ...(dissent.length > 0 ? [`dissent: ${dissent.join(', ')}`] : []),
    ...(review ? [`the last review ${review === 'pass' ? 'passed it' : 'sent it back'}`] : []),
  ];
  return parts.length > 0 ? [`Verdict: ${parts.join('; ')}`] : [];
}

const toPercent = (share: number): string => `${Math.round(share * 100)}%`;
