/** The lanes of a run, by stage. */
import type { JSX } from 'preact';
import type { CheckSnapshot } from '../../contract';
import { lanesOf } from '../state/lanes';
import type { TurnView } from '../state/turn-view';
import { Lane } from './lane';
import { Notice } from './notices';

interface LanesProps {
  turns: TurnView[];
  checks: CheckSnapshot[];
  /** Opens the fork dialog at a turn; absent while the run cannot be forked. */
  fork?: (turn: string) => void;
}

export function Lanes({ turns, checks, fork }: LanesProps): JSX.Element {
  if (turns.length === 0)
    return (
      <Notice icon="clock" title="Nobody speaks yet">
        <p>The first role is about to call its model.</p>
      </Notice>
    );
  const groups = lanesOf(turns);
  return (
    <>
      {groups.map(({ stage, title, lanes }) => (
        <section key={stage} class="lane-group" aria-label={title || 'Lanes'}>
          {stage && <h2>{title}</h2>}
          <div class={`lanes of-${Math.min(lanes.length, 4)}`}>
            {lanes.map((lane) => (
              <Lane key={lane.id} {...lane} checks={checks} {...(fork ? { fork } : {})} />
            ))}
          </div>
        </section>
      ))}
    </>
  );
}
