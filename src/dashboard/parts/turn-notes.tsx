/** The history of a turn: waits with a countdown, other models, new attempts, discarded text. */
import type { JSX } from 'preact';
import { count, plural } from '../format';
import { visible } from '../markdown/visible';
import { now } from '../state/clock';
import { currentWait, type Note, type TurnView } from '../state/turn-view';
import { Icon, type IconName } from './icons';

const REASONS: Partial<Record<string, string>> = {
  RATE_LIMITED: 'Rate limited',
  GATEWAY_UNAVAILABLE: 'Gateway unavailable',
  GATEWAY_ERROR: 'Gateway error',
  FIRST_TOKEN_TIMEOUT: 'No first token in time',
  STREAM_STALLED: 'The stream stalled',
  STREAM_CUT: 'The stream was cut',
  MODEL_NOT_FOUND: 'Model not found',
  GATEWAY_CREDIT_EXHAUSTED: 'Out of credit',
  CONTENT_REFUSED: 'Refused by moderation',
  CONTEXT_TOO_LONG: 'Prompt too long',
  MAX_TOKENS_REACHED: 'Token limit used up before the answer',
  GATEWAY_FORBIDDEN: 'Gateway refuses access from here',
};

/** A failure code in words. */
export const writeReason = (code: string): string =>
  REASONS[code] ?? code.charAt(0) + code.slice(1).toLowerCase().replace(/_/g, ' ');

/** The reason of a wait: budget that is reserved by other calls is not spent. */
const waitsFor = (code: string): string =>
  code === 'BUDGET_EXHAUSTED' ? 'Other calls hold the budget' : writeReason(code);

export function TurnNotes({ view }: { view: TurnView }): JSX.Element | null {
  void view.version.value;
  const wait = currentWait(view);
  const { reused_from: source } = view.snapshot;
  const isBounded = view.completed?.bounded ?? false;
  if (view.notes.length === 0 && !source && !isBounded) return null;
  return (
    <ul class="notes">
      {source && <Reused source={source} />}
      {view.notes.map((note) => (note === wait ? <Countdown note={wait} /> : <PastNote note={note} />))}
      {isBounded && (
        <li class="note past">
          <Icon name="warn" size={16} />
          <span>The answer was longer than four megabytes; the rest was dropped</span>
        </li>
      )}
      {view.dropped.map((text, attempt) => (
        <li class="note dropped">
          <details>
            <summary>
              Discarded text of attempt {attempt + 1} ({plural(text.length, 'character')})
            </summary>
            <del dir="auto">{visible(text)}</del>
          </details>
        </li>
      ))}
    </ul>
  );
}

/** Shown below an answer that was cut off. */
export function CutOffNote({ view }: { view: TurnView }): JSX.Element | null {
  const { truncated, shortened_by: budget } = view.snapshot;
  if (!truncated) return null;
  return (
    <p class="note failed" role="note">
      <Icon name="warn" size={16} />
      <span>{budget ? `Cut off by the budget: ${visible(budget)}` : 'Cut off at the token limit'}</span>
    </p>
  );
}

function Reused({ source }: { source: string }): JSX.Element {
  return (
    <li class="note reused">
      <Icon name="reuse" size={16} />
      <span>
        Reused from <a href={`/dashboard/runs/${encodeURIComponent(source)}`}>the original run</a>: same input, no call,
        no cost
      </span>
    </li>
  );
}

type Wait = Extract<Note, { type: 'turn.waiting' }>;

function Countdown({ note }: { note: Wait }): JSX.Element {
  const left = Math.max(0, Math.ceil((note.until - now.value) / 1000));
  const total = Math.max(1, (note.until - note.at) / 1000);
  return (
    <li class="note waiting" role="status" title={visible(note.message)}>
      <Icon name="clock" size={16} />
      <span>
        <strong>{waitsFor(note.reason)}</strong>, {left > 0 ? `retrying in ${count(left)} s` : 'retrying'}
      </span>
      <progress aria-label="Time until the retry" max={total} value={Math.max(0, total - left)} />
    </li>
  );
}

function PastNote({ note }: { note: Note }): JSX.Element {
  const [icon, text, detail] = tell(note);
  return (
    <li class={`note ${hasFailed(note) ? 'failed' : 'past'}`} title={visible(detail)}>
      <Icon name={icon} size={16} />
      <span>{text}</span>
    </li>
  );
}

/** A turn that was stopped did not fail. */
const STOPS: Partial<Record<string, [icon: IconName, text: string]>> = {
  INTERRUPTED: ['restart', 'Interrupted by guidance; the next try starts with it'],
  CANCELLED: ['stop', 'Stopped with the run'],
  CUT_OFF: ['stop', 'Stopped; the run continued without it'],
};

const hasFailed = (note: Note): boolean => note.type === 'turn.failed' && !STOPS[note.code];

function tell(note: Note): [IconName, string | JSX.Element, string] {
  switch (note.type) {
    case 'turn.waiting':
      return ['clock', `${waitsFor(note.reason)}, waited ${Math.ceil((note.until - note.at) / 1000)} s`, note.message];
    case 'turn.rerouted':
      return ['reroute', <Rerouted note={note} />, note.message];
    case 'turn.resumed':
      return [
        'resume',
        `Attempt ${note.epoch} continued after ${plural(note.offset, 'character')}; nothing is repeated`,
        '',
      ];
    case 'turn.restarted':
      return ['restart', `Attempt ${note.epoch} restarted; ${plural(note.dropped, 'character')} of text discarded`, ''];
    case 'turn.failed': {
      const [icon, text] = STOPS[note.code] ?? ['warn', `${writeReason(note.code)}: ${visible(note.message)}`];
      return [icon, text, note.message];
    }
  }
}

function Rerouted({ note }: { note: Extract<Note, { type: 'turn.rerouted' }> }): JSX.Element {
  return (
    <>
      {writeReason(note.reason)}: <span class="mono">{visible(note.from)}</span> fell back to{' '}
      <span class="mono">{visible(note.to)}</span>
    </>
  );
}
