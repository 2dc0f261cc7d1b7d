/** The turn that a person has asked to see. The view of the run then shows its lane, and scrolls the lane to the turn. */
import { signal } from '@preact/signals';

export const chosenTurn = signal<{ turn: string } | undefined>(undefined);

export function showTurn(turn: string): void {
  chosenTurn.value = { turn };
}

/** Space above a turn that was scrolled to. Pixels. */
const MARGIN_PX = 8;

/** Scrolls the page to the lane of a turn, and the lane to the turn, and gives the turn the focus. */
export function scrollToTurn(turn: string): void {
  const place = document.getElementById(`turn-${turn}`);
  const body = place?.closest<HTMLElement>('.lane-body');
  if (!place || !body) return;
  place.closest('.lane')?.scrollIntoView({ block: 'nearest' });
  body.scrollTop += place.getBoundingClientRect().top - body.getBoundingClientRect().top - MARGIN_PX;
  place.focus({ preventScroll: true });
}
