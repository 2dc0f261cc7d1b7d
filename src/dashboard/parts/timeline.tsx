/** The turns of a run over time: queue, calls, text, waits, checks and questions to people as spans. Loaded on first use. */
import type { JSX } from 'preact';
import { duration } from '../format';
import { visible } from '../markdown/visible';
import { now } from '../state/clock';
import type { DashboardRun } from '../state/run-view';
import { drawTimeline, type Span, type SpanKind, type Timeline, type TimelineRow } from '../state/timeline';
import { useParameter } from './address';
import { Notice } from './notices';
import { writeReason } from './turn-notes';

const KINDS: Record<SpanKind, string> = {
  queued: 'Queued',
  call: 'Waiting for the first token',
  text: 'Receiving text',
  wait: 'Waiting',
  check: 'Executing code',
  gate: 'Waiting for a person',
};

const ENDINGS: Record<TimelineRow['ending'], string> = {
  '': '',
  failed: 'Failed',
  interrupted: 'Interrupted',
  cancelled: 'Cancelled',
  stopped: 'Stopped',
  reused: 'Reused',
};

const TICKS = 4;

export default function TimelinePanel({ run }: { run: DashboardRun }): JSX.Element {
  void run.version.value;
  run.turns.value.forEach(({ version }) => void version.value);
  // an ended run needs no clock
  const at = run.snapshot.ended_at ?? now.value;
  const timeline = drawTimeline(run.snapshot, run.turns.value, at);
  if (!timeline)
    return (
      <Notice icon="clock" title="Nothing to show yet">
        <p>The turns appear here when they start.</p>
      </Notice>
    );
  const kinds = new Set(timeline.rows.flatMap(({ spans }) => spans.map(({ kind }) => kind)));
  return (
    <section class="timeline" aria-label="Timeline of the turns">
      <ul class="legend">
        {(Object.keys(KINDS) as SpanKind[])
          .filter((kind) => kinds.has(kind))
          .map((kind) => (
            <li key={kind}>
              <span class={`span ${kind}`} aria-hidden="true" />
              {KINDS[kind]}
            </li>
          ))}
      </ul>
      <Axis timeline={timeline} />
      <ol>
        {timeline.rows.map((row) => (
          <Row key={row.id} row={row} timeline={timeline} />
        ))}
      </ol>
    </section>
  );
}

function Axis({ timeline: { from, to } }: { timeline: Timeline }): JSX.Element {
  return (
    <p class="axis faint" aria-hidden="true">
      {Array.from({ length: TICKS + 1 }, (_, tick) => (
        <span key={tick}>{tick === 0 ? '0' : duration(((to - from) * tick) / TICKS)}</span>
      ))}
    </p>
  );
}

function Row({ row, timeline }: { row: TimelineRow; timeline: Timeline }): JSX.Element {
  const [, inspect] = useParameter('inspect');
  const isGate = row.spans.some(({ kind }) => kind === 'gate');
  return (
    <li class={`timeline-row hue-${row.hue}`}>
      <p class="timeline-label">
        {isGate ? (
          <span>{visible(row.label)}</span>
        ) : (
          <button type="button" class="link" title={`Input of ${visible(row.label)}`} onClick={() => inspect(row.id)}>
            {visible(row.label)}
          </button>
        )}
        {row.ending && <small class="faint">{ENDINGS[row.ending]}</small>}
      </p>
      <div class="track">
        {row.spans.map((span, index) => (
          <SpanBar key={index} span={span} timeline={timeline} />
        ))}
      </div>
    </li>
  );
}

function SpanBar({ span, timeline: { from, to } }: { span: Span; timeline: Timeline }): JSX.Element {
  const share = (ms: number) => `${((100 * ms) / (to - from)).toFixed(3)}%`;
  const text = describeSpan(span);
  return (
    <span
      class={`span ${span.kind}`}
      role="img"
      aria-label={text}
      title={text}
      style={{ left: share(span.from - from), width: share(span.to - span.from) }}
    />
  );
}

function describeSpan({ kind, from, to, attempt = 1, detail = '' }: Span): string {
  const what = kind === 'wait' ? writeReason(detail) : KINDS[kind];
  const which = attempt > 1 ? `, attempt ${attempt}` : '';
  const ended = detail && kind !== 'wait' ? `, ${detail}` : '';
  return `${what}${which}: ${duration(to - from)}${ended}`;
}
