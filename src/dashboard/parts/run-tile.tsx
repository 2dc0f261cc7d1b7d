/** A run in small: its task, and the latest text of each active turn. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { duration } from '../format';
import { visible } from '../markdown/visible';
import { now } from '../state/clock';
import { chooseHue } from '../state/lanes';
import type { DashboardRun } from '../state/run-view';
import { nameSwarm } from '../state/swarms';
import type { TextListener, TurnView } from '../state/turn-view';
import { readRunState } from '../state/run-state';
import { RunStatePill } from './status';

/** The number of lanes in a tile, and the UTF-16 units of text in each. */
const LANES = 3;
const LAST_WORDS = 180;
/** Markdown syntax, which is removed from the text. */
const MARKUP = /[*#`|]+/g;

export function RunTile({ run }: { run: DashboardRun }): JSX.Element {
  const turns = run.turns.value;
  const about = run.description.value;
  const shown = [...turns].slice(-LANES);
  return (
    <a class="tile" href={`/dashboard/runs/${encodeURIComponent(run.id)}`}>
      <header>
        <TileStatus run={run} />
        <span class="faint">{nameSwarm(run.snapshot.swarm_id ?? about?.swarm_id)}</span>
      </header>
      <h2 dir="auto">{visible((run.snapshot.message ?? about?.message ?? run.id).slice(0, 140))}</h2>
      {shown.map((turn) => (
        <p key={turn.snapshot.turn} class={`tile-lane hue-${chooseHue(turn, turns)}`}>
          <span class="tile-label">{turn.snapshot.label}</span>
          <LastWords view={turn} />
        </p>
      ))}
    </a>
  );
}

/** Updates on the clock instead of on each change: fifty runs change in every frame. */
function TileStatus({ run }: { run: DashboardRun }): JSX.Element {
  const time = now.value;
  const { started_at, ended_at } = run.snapshot;
  return (
    <>
      <RunStatePill state={readRunState(run)} />
      {started_at !== undefined && <span class="faint">{duration((ended_at ?? time) - started_at)}</span>}
    </>
  );
}

/** Keeps only the end of the text and writes it when the clock ticks: all lanes of the wall in one frame. */
function LastWords({ view }: { view: TurnView }): JSX.Element {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const words = new EndOfText(view.snapshot.text);
    view.listeners.add(words);
    const stop = now.subscribe(() => {
      if (place.current && words.changed) place.current.textContent = words.take();
    });
    return () => {
      view.listeners.delete(words);
      stop();
    };
  }, [view]);
  return <span ref={place} class="last-words" dir="auto" />;
}

class EndOfText implements TextListener {
  changed = true;
  private end: string;

  constructor(text: string) {
    this.end = text.slice(-LAST_WORDS);
  }

  append(text: string): void {
    this.end = (this.end + text).slice(-LAST_WORDS);
    this.changed = true;
  }

  reset(): void {
    this.end = '';
    this.changed = true;
  }

  resumed(): void {}

  finish(): void {}

  take(): string {
    this.changed = false;
    return visible(this.end.replace(MARKUP, ''));
  }
}
