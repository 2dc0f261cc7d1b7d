/** What happened to a turn on its way: waits with their countdown, other models, new attempts, text that became void. */
import type { JSX } from 'preact';
import { count, plural } from '../format';
import { visible } from '../markdown/visible';
import { now } from '../state/clock';
import { currentWait, type Note, type TurnView } from '../state/turn-view';
import { Icon, type IconName } from './icons';

const REASONS: Partial<Record<string, string>> = {
  RATE_LIMITED: 'Rate limited',
  GATEWAY_UNAVAILABLE: 'Gateway not available',
  GATEWAY_ERROR: 'Gateway error',
  FIRST_TOKEN_TIMEOUT: 'No first token in time',
  STREAM_STALLED: 'The stream stood still',
  STREAM_CUT: 'The stream was cut',
  MODEL_NOT_FOUND: 'Model is gone',
  GATEWAY_CREDIT_EXHAUSTED: 'Out of credit',
  CONTENT_REFUSED: 'Refused by moderation',
  CONTEXT_TOO_LONG: 'Prompt too long',
};

/** A failure code in words. */
export const reasonOf = (code: string): string =>
  REASONS[code] ?? code.charAt(0) + code.slice(1).toLowerCase().replace(/_/g, ' ');

export function TurnNotes({ view }: { view: TurnView }): JSX.Element | null {
  void view.version.value;
  const wait = currentWait(view);
  const { reused_from: source } = view.snapshot;
  if (view.notes.length === 0 && !source) return null;
  return (
    <ul class="notes">
      {source && <Reused source={source} />}
      {view.notes.map((note) => (note === wait ? <Countdown note={wait} /> : <PastNote note={note} />))}
      {view.dropped.map((text, attempt) => (
        <li class="note dropped">
          <details>
            <summary>
              Text of attempt {attempt + 1} that is void ({plural(text.length, 'character')})
            </summary>
            <del dir="auto">{visible(text)}</del>
          </details>
        </li>
      ))}
    </ul>
  );
}

function Reused({ source }: { source: string }): JSX.Element {
  return (
    <li class="note reused">
      <Icon name="reuse" size={16} />
      <span>
        Taken over from <a href={`/dashboard/runs/${encodeURIComponent(source)}`}>the run before</a>: asked the same, no
        call, no cost
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
        <strong>{reasonOf(note.reason)}</strong>, {left > 0 ? `goes on in ${count(left)} s` : 'goes on now'}
      </span>
      <progress aria-label="Until it goes on" max={total} value={Math.max(0, total - left)} />
    </li>
  );
}

function PastNote({ note }: { note: Note }): JSX.Element {
  const [icon, text, detail] = tell(note);
  return (
    <li class={`note ${note.type === 'turn.failed' ? 'failed' : 'past'}`} title={visible(detail)}>
      <Icon name={icon} size={16} />
      <span>{text}</span>
    </li>
  );
}

function tell(note: Note): [IconName, string | JSX.Element, string] {
  switch (note.type) {
    case 'turn.waiting':
      return ['clock', `${reasonOf(note.reason)}, waited ${Math.ceil((note.until - note.at) / 1000)} s`, note.message];
    case 'turn.rerouted':
      return ['reroute', <Rerouted note={note} />, note.message];
    case 'turn.resumed':
      return [
        'resume',
        `Attempt ${note.epoch} went on after ${plural(note.offset, 'character')}; nothing is repeated`,
        '',
      ];
    case 'turn.restarted':
      return [
        'restart',
        `Attempt ${note.epoch} began anew; ${plural(note.dropped, 'character')} of text became void`,
        '',
      ];
    case 'turn.failed':
      return ['warn', `${reasonOf(note.code)}: ${visible(note.message)}`, note.code];
  }
}

function Rerouted({ note }: { note: Extract<Note, { type: 'turn.rerouted' }> }): JSX.Element {
  return (
    <>
      {reasonOf(note.reason)}: <span class="mono">{visible(note.from)}</span> hands over to{' '}
      <span class="mono">{visible(note.to)}</span>
    </>
  );
}
