/** Reduces events to fewer ones that fold to the same run. Pure. */
import type { OfTurn, RunEvent } from '../contract/events';
import type { TurnPlace } from '../contract/shapes';

interface Kept {
  /** The event's original position. */
  at: number;
  event: RunEvent;
}

/** Joins the pieces of each turn's text, omits retracted text, and renumbers the events of each turn. */
export function compactEvents(events: readonly RunEvent[]): RunEvent[] {
  const ofRun: Kept[] = [];
  const ofTurns = new Map<string, Kept[]>();
  const places = new Map<string, TurnPlace>();
  for (const [at, event] of events.entries()) {
    if (!('turn' in event)) ofRun.push({ at, event });
    else {
      if (event.place) places.set(event.turn, event.place);
      ofTurns.set(event.turn, append(ofTurns.get(event.turn) ?? [], at, event));
    }
  }
  const numbered = [...ofTurns].flatMap(([turn, kept]) => {
    const place = places.get(turn);
    return kept.map(({ at, event }, index) => {
      const first = index === 0 && place ? { place } : {};
      return { at, event: { ...event, ...first, index } as OfTurn };
    });
  });
  return [...ofRun, ...numbered].sort((a, b) => a.at - b.at).map(({ event }) => event);
}

function append(kept: Kept[], at: number, event: OfTurn): Kept[] {
  const last = kept[kept.length - 1];
  if (event.type === 'turn.delta' && last?.event.type === 'turn.delta') {
    last.event.text += event.text;
    return kept;
  }
  if (event.type === 'turn.thinking') return appendThinking(kept, at, event);
  const standing =
    event.type === 'turn.restarted'
      ? kept.filter(({ event: { type } }) => type !== 'turn.delta' && type !== 'turn.thinking')
      : kept;
  standing.push({ at, event: { ...event } });
  return standing;
}

type Thinking = Extract<OfTurn, { type: 'turn.thinking' }>;

/** Joins the pieces of one call's thinking; the thinking of an earlier call is dropped. */
function appendThinking(kept: Kept[], at: number, event: Thinking): Kept[] {
  const last = kept[kept.length - 1];
  if (last?.event.type === 'turn.thinking' && event.offset === last.event.thinking.length + last.event.offset) {
    last.event.thinking += event.thinking;
    return kept;
  }
  const standing = event.offset === 0 ? kept.filter((one) => one.event.type !== 'turn.thinking') : kept;
  standing.push({ at, event: { ...event } });
  return standing;
}
