/** Opens what a turn was asked. */
import type { JSX } from 'preact';
import { visible } from '../markdown/visible';
import { useParameter } from './address';

export function InspectButton({ turn, label }: { turn: string; label: string }): JSX.Element {
  const [, inspect] = useParameter('inspect');
  return (
    <button
      type="button"
      class="quiet small inspect"
      aria-label={`Input of ${visible(label)}`}
      onClick={() => inspect(turn)}
    >
      Input
    </button>
  );
}
