/** One role's lane: its turns one below the other, with their text as it streams. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { CheckSnapshot } from '../../contract';
import { count, duration, money } from '../format';
import { copyWithThanks } from '../markdown/copy';
import { visible } from '../markdown/visible';
import { now } from '../state/clock';
import { tokensOf, type TurnView } from '../state/turn-view';
import { TurnCheck } from './check-report';
import { Icon } from './icons';
import { StatusPill } from './status';
import { TurnNotes } from './turn-notes';
import { TurnText } from './turn-text';

/** How near to its end a lane must be scrolled to keep following the text. Pixels. */
const FOLLOWS_WITHIN = 48;

export interface LaneProps {
  id: string;
  title: string;
  hue: number;
  turns: TurnView[];
  /** Executions of the run's turns. */
  checks: CheckSnapshot[];
  /** Opens the fork dialog at a turn. */
  fork?: (turn: string) => void;
}

export function Lane({ id, title, hue, turns, checks, fork }: LaneProps): JSX.Element {
  const body = useRef<HTMLDivElement>(null);
  const source = useSignal(false);
  const wide = useSignal(false);
  const follow = useFollowing(body);
  const last = turns[turns.length - 1];
  void last?.version.value;
  return (
    <article class={`lane hue-${hue}${wide.value ? ' wide' : ''}`} aria-labelledby={`${id}-title`} id={id}>
      <header>
        <span class="avatar" aria-hidden="true">
          {initials(title)}
        </span>
        <div class="lane-title">
          <h3 id={`${id}-title`}>{title}</h3>
          <p class="mono faint">{visible(last?.snapshot.model ?? '') || 'choosing a model'}</p>
        </div>
        {last && <StatusPill status={last.snapshot.status} />}
      </header>
      <div class="lane-body" ref={body} tabIndex={0} role="region" aria-label={`What ${title} says`}>
        {turns.map((turn) => (
          <Turn
            key={turn.snapshot.turn}
            view={turn}
            source={source.value}
            several={turns.length > 1}
            check={checks.find(({ about }) => about === turn.snapshot.turn)}
            onChange={follow}
          />
        ))}
      </div>
      <LaneBar turns={turns} source={source} wide={wide} title={title} {...(fork ? { fork } : {})} />
    </article>
  );
}

/** Keeps the end in sight until the reader scrolls away from it. */
function useFollowing(body: { current: HTMLDivElement | null }): () => void {
  const following = useRef(true);
  useEffect(() => {
    const box = body.current;
    if (!box) return;
    const onScroll = () => (following.current = box.scrollHeight - box.scrollTop - box.clientHeight < FOLLOWS_WITHIN);
    box.addEventListener('scroll', onScroll, { passive: true });
    return () => box.removeEventListener('scroll', onScroll);
  }, []);
  return useRef(() => {
    if (following.current && body.current) body.current.scrollTop = body.current.scrollHeight;
  }).current;
}

interface TurnProps {
  view: TurnView;
  source: boolean;
  several: boolean;
  check: CheckSnapshot | undefined;
  onChange: () => void;
}

function Turn({ view, source, several, check, onChange }: TurnProps): JSX.Element {
  void view.version.value;
  const { label, status, text } = view.snapshot;
  const speaking = status === 'running';
  return (
    <section
      class={`turn${speaking ? ' speaking' : ''}`}
      id={`turn-${view.snapshot.turn}`}
      tabIndex={-1}
      aria-busy={speaking}
    >
      {several && <h4>{label}</h4>}
      <TurnNotes view={view} />
      {speaking && !text && <p class="thinking">Waiting for the first token</p>}
      <TurnText view={view} source={source} onChange={onChange} />
      {check && <TurnCheck check={check} />}
    </section>
  );
}

interface LaneBarProps {
  turns: TurnView[];
  title: string;
  source: { value: boolean };
  wide: { value: boolean };
  fork?: (turn: string) => void;
}

function LaneBar({ turns, title, source, wide, fork }: LaneBarProps): JSX.Element {
  const last = turns.findLast(({ snapshot }) => snapshot.status === 'completed');
  const text = () => turns.map(({ snapshot }) => snapshot.text).join('\n\n');
  return (
    <footer>
      <LaneFigures turns={turns} />
      <div class="lane-tools">
        {fork && last && (
          <button
            type="button"
            class="quiet small"
            aria-label={`Fork from ${last.snapshot.label}`}
            onClick={() => fork(last.snapshot.turn)}
          >
            Fork
          </button>
        )}
        <button
          type="button"
          class="quiet small"
          aria-pressed={source.value}
          aria-label={`Source text of ${title}`}
          onClick={() => (source.value = !source.value)}
        >
          Source
        </button>
        <button
          type="button"
          class="quiet small"
          aria-label={`Copy what ${title} says`}
          onClick={({ currentTarget }) => void copyWithThanks(currentTarget, text())}
        >
          Copy
        </button>
        <button
          type="button"
          class="quiet small icon-only"
          aria-pressed={wide.value}
          aria-label={`${wide.value ? 'Narrow' : 'Widen'} the lane of ${title}`}
          onClick={() => (wide.value = !wide.value)}
        >
          <Icon name="expand" size={15} />
        </button>
      </div>
    </footer>
  );
}

function LaneFigures({ turns }: { turns: TurnView[] }): JSX.Element {
  turns.forEach(({ version }) => void version.value);
  const counts = turns.map(tokensOf);
  const tokens = counts.reduce((sum, one) => sum + one.tokens, 0);
  const exact = counts.every((one) => one.exact);
  const last = turns[turns.length - 1];
  const cost = turns.some(({ snapshot }) => typeof snapshot.cost_usd === 'number')
    ? turns.reduce((sum, { snapshot }) => sum + (snapshot.cost_usd ?? 0), 0)
    : undefined;
  return (
    <dl class="figures">
      <Figure name="Tokens" value={`${exact ? '' : '≈ '}${count(tokens)}`} />
      {last && <Figure name="First token" value={firstToken(last)} />}
      {last && <Figure name="Time" value={duration(timeOf(last))} />}
      {cost !== undefined && <Figure name="Cost" value={money(cost)} />}
    </dl>
  );
}

export function Figure({ name, value }: { name: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function firstToken({ completed, firstTextAt, startedAt }: TurnView): string {
  if (completed?.first_token_ms) return duration(completed.first_token_ms);
  return firstTextAt === undefined ? '–' : duration(firstTextAt - startedAt);
}

function timeOf({ snapshot, startedAt }: TurnView): number {
  return snapshot.duration_ms ?? (snapshot.status === 'failed' ? 0 : now.value - startedAt);
}

function initials(title: string): string {
  const words = title.split(/\s+/);
  return (words.length > 1 ? `${words[0]?.[0] ?? ''}${words[1]?.[0] ?? ''}` : title.slice(0, 2)).toUpperCase();
}
