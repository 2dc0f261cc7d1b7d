/** Asks for the API key again, after the dialog was closed without one. */
import type { JSX } from 'preact';
import { askForKey, keyState } from '../state/key';
import { Icon } from './icons';

export function KeyButton(): JSX.Element | null {
  if (keyState.value !== 'postponed') return null;
  return (
    <button type="button" class="small" onClick={askForKey}>
      <Icon name="key" size={15} />
      Enter API key
    </button>
  );
}
