/** Marks a run as a fork, in lists. */
import type { JSX } from 'preact';
import { Icon } from './icons';

export function ForkMark(): JSX.Element {
  return (
    <span class="fork-mark" title="A fork of another run">
      <Icon name="fork" size={13} />
      Fork<span class="off-screen">: </span>
    </span>
  );
}
