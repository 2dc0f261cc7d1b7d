/** The lane of one role: its turns one below the other, with their streaming text. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { CheckSnapshot } from '../../contract';
import { count, duration, money } from '../format';
import { copyWithThanks } from '../markdown/copy';
import { visible } from '../markdown/visible';
import { readPosition } from '../../answers/position';
import { now } from '../state/clock';
import { focusedLane, focusLane } from '../state/focus';
import { averageFirstTokenMs, sumTurnMs, sumTurns } from '../state/totals';
import { declaresPosition, isData } from '../state/turn-kinds';
import { readTurnState } from '../state/turn-state';
import type { TurnView } from '../state/turn-view';
import { CheckPanel, describeFailedCheck } from './check-report';
import { useFollowing } from './following';
import { InspectButton } from './inspect-button';
import { Thinking } from './thinking';
import { Icon } from './icons';
import { StanceChip } from './stance-chip';
import { StatusPill } from './status';
import { CutOffNote, TurnNotes } from './turn-notes';
import { TurnText } from './turn-text';

/** A turn whose code is the answer of the run, and what its verification says. */
export interface VerifiedTurn {
  turn: string;
  sentence: string;
}

export interface LaneProps {
  id: string;
  title: string;
  hue: number;
  turns: TurnView[];
  /** The executions of code of the run's turns. */
  checks: CheckSnapshot[];
  /** Present if the run has ended with verified code. */
  verified?: VerifiedTurn;
  /** Opens the fork dialog at a turn. */
  fork?: (turn: string) => void;
}

export function Lane({ id, title, hue, turns, checks, verified, fork }: LaneProps): JSX.Element {
  const body = useRef<HTMLDivElement>(null);
  const source = useSignal(false);
  const following = useFollowing(body);
  const isFocused = focusedLane.value === id;
  const last = turns[turns.length - 1];
  void last?.version.value;
  return (
    <article class={`lane hue-${hue}${isFocused ? ' focused' : ''}`} aria-labelledby={`${id}-title`} id={id}>
      <header>
        <span class="avatar" aria-hidden="true">
          {initials(title)}
        </span>
        <div class="lane-title">
          <h3 id={`${id}-title`}>{title}</h3>
          <p class="mono faint">{visible(last?.snapshot.model ?? '') || 'choosing a model'}</p>
        </div>
        {last && <LaneStatus turn={last} check={findCheck(checks, last)} />}
      </header>
      <div class="lane-text">
        <div class="lane-body" ref={body} tabIndex={0} role="region" aria-label={`Text of ${title}`}>
          {turns.map((turn) => (
            <Turn
              key={turn.snapshot.turn}
              view={turn}
              source={source.value}
              several={turns.length > 1}
              check={findCheck(checks, turn)}
              {...(verified?.turn === turn.snapshot.turn ? { verification: verified.sentence } : {})}
              onChange={following.keepEnd}
            />
          ))}
        </div>
        {!following.isFollowing.value && (
          <button type="button" class="small jump" onClick={following.jump}>
            Jump to latest
          </button>
        )}
      </div>
      <LaneBar id={id} turns={turns} source={source} title={title} {...(fork ? { fork } : {})} />
    </article>
  );
}

const findCheck = (checks: readonly CheckSnapshot[], { snapshot }: TurnView): CheckSnapshot | undefined =>
  checks.find(({ about }) => about === snapshot.turn);

/** A turn whose code fails its checks has not just been completed. */
function LaneStatus({ turn, check }: { turn: TurnView; check: CheckSnapshot | undefined }): JSX.Element {
  void turn.version.value;
  const { snapshot } = turn;
  if (snapshot.status !== 'completed' || check?.status !== 'failed')
    return <StatusPill status={readTurnState(snapshot)} />;
  return <StatusPill status="waiting" word={describeFailedCheck(check)} />;
}

/** How much of a text is searched for its position. UTF-16 units. */
const POSITION_WITHIN = 300;

interface TurnProps {
  view: TurnView;
  source: boolean;
  several: boolean;
  check: CheckSnapshot | undefined;
  /** What the verification of the run's answer says, if this turn is that answer. */
  verification?: string;
  onChange: () => void;
}

function Turn({ view, source, several, check, verification, onChange }: TurnProps): JSX.Element {
  void view.version.value;
  const { label, status, text, thinking } = view.snapshot;
  const speaking = status === 'running';
  return (
    <section
      class={`turn${speaking ? ' speaking' : ''}`}
      id={`turn-${view.snapshot.turn}`}
      tabIndex={-1}
      aria-busy={speaking}
    >
      <InspectButton turn={view.snapshot.turn} label={label} />
      {several && <h4>{label}</h4>}
      {declaresPosition(view.snapshot) && <StanceChip {...readPosition(text.slice(0, POSITION_WITHIN))} />}
      <TurnNotes view={view} />
      <Thinking view={view} />
      {speaking && !text && <p class="thinking">{thinking ? 'Thinking' : 'Waiting for the first token'}</p>}
      {isData(view.snapshot) ? (
        <details class="thoughts">
          <summary>Data for the run, as JSON</summary>
          <TurnText view={view} source onChange={onChange} />
        </details>
      ) : (
        <TurnText view={view} source={source} onChange={onChange} />
      )}
      <CutOffNote view={view} />
      {check && <CheckPanel check={check} />}
      {verification && <p class="sentence">{visible(verification)}</p>}
    </section>
  );
}

interface LaneBarProps {
  id: string;
  turns: TurnView[];
  title: string;
  source: { value: boolean };
  fork?: (turn: string) => void;
}

function LaneBar({ id, turns, title, source, fork }: LaneBarProps): JSX.Element {
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
          aria-label={`Copy the text of ${title}`}
          onClick={({ currentTarget }) => void copyWithThanks(currentTarget, text())}
        >
          Copy
        </button>
        <FocusButton id={id} title={title} />
      </div>
    </footer>
  );
}

/** One lane alone, over the whole window; Escape leaves it. */
function FocusButton({ id, title }: { id: string; title: string }): JSX.Element {
  const isFocused = focusedLane.value === id;
  return (
    <button
      type="button"
      class="quiet small icon-only"
      aria-pressed={isFocused}
      aria-label={`${isFocused ? 'Leave the focus on' : 'Focus'} the lane of ${title}`}
      title={isFocused ? 'Leave the focus (Escape)' : 'Focus'}
      onClick={() => focusLane(isFocused ? undefined : id)}
    >
      <Icon name={isFocused ? 'close' : 'expand'} size={15} />
    </button>
  );
}

/** All figures cover all turns of the lane, like those of the header cover all turns of the run. */
function LaneFigures({ turns }: { turns: TurnView[] }): JSX.Element {
  turns.forEach(({ version }) => void version.value);
  const { read, written, exact, costUsd } = sumTurns(turns);
  const [first, time] = [averageFirstTokenMs(turns), sumTurnMs(turns, now.value)];
  const figure = (ms: number | undefined) => (ms === undefined ? '–' : duration(ms));
  const tokens = `${exact ? '' : '≈ '}${count(read)} + ${count(written)}`;
  return (
    <dl class="figures" title={turns.length > 1 ? `All ${turns.length} turns; the first token on average` : undefined}>
      <Figure name="Tokens read + written" value={tokens} />
      <Figure name="First token" value={figure(first)} />
      <Figure name="Time" value={figure(time)} />
      <Figure name="Cost" value={money(costUsd)} />
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

function initials(title: string): string {
  const words = title.split(/\s+/);
  return (words.length > 1 ? `${words[0]?.[0] ?? ''}${words[1]?.[0] ?? ''}` : title.slice(0, 2)).toUpperCase();
}
