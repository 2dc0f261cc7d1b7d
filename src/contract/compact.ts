/** A run's events in fewer words, which fold to the same run. Pure. */
import type { OfTurn, RunEvent } from './events';

interface Kept {
  /** Where the event stood. */
  at: number;
  event: RunEvent;
}

/** Puts the pieces of each turn's text together, leaves out text that was taken back, and numbers the turns' events anew. */
export function compactEvents(events: readonly RunEvent[]): RunEvent[] {
  const ofRun: Kept[] = [];
  const ofTurns = new Map<string, Kept[]>();
  for (const [at, event] of events.entries()) {
    if (!('turn' in event)) ofRun.push({ at, event });
    else ofTurns.set(event.turn, append(ofTurns.get(event.turn) ?? [], at, event));
  }
  const numbered = [...ofTurns.values()].flatMap((kept) =>
    kept.map(({ at, event }, index) => ({ at, event: { ...event, index } as OfTurn })),
  );
  return [...ofRun, ...numbered].sort((a, b) => a.at - b.at).map(({ event }) => event);
}

function append(kept: Kept[], at: number, event: OfTurn): Kept[] {
  const last = kept[kept.length - 1];
  if (event.type === 'turn.delta' && last?.event.type === 'turn.delta') {
    last.event.text += event.text;
    return kept;
  }
  const standing = event.type === 'turn.restarted' ? kept.filter((one) => one.event.type !== 'turn.delta') : kept;
  return [...standing, { at, event: { ...event } }];
}
