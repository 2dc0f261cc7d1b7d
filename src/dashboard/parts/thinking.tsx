/** A model's reasoning before its answer, collapsed by default. */
import type { JSX } from 'preact';
import { plural } from '../format';
import { visible } from '../markdown/visible';
import type { TurnView } from '../state/turn-view';

export function Thinking({ view }: { view: TurnView }): JSX.Element | null {
  void view.version.value;
  const { thinking } = view.snapshot;
  if (!thinking) return null;
  return (
    <details class="thoughts">
      <summary>Thinking ({plural(thinking.length, 'character')})</summary>
      <p dir="auto">{visible(thinking)}</p>
    </details>
  );
}
