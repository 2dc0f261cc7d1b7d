/** Where a voice of a debate stands, and how sure it is. */
import type { JSX } from 'preact';
import type { VoicePosition } from '../../contract';
import { percent } from '../format';

const STANCES = { for: 'For', against: 'Against', depends: 'Depends' } as const;

export function StanceChip({
  stance,
  confidence = null,
}: Pick<VoicePosition, 'stance'> & Partial<VoicePosition>): JSX.Element | null {
  if (stance === null) return null;
  return (
    <span class={`stance ${stance}`}>
      {STANCES[stance]}
      {confidence !== null && ` ${percent(confidence)}`}
    </span>
  );
}
