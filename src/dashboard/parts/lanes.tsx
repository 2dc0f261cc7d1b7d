/** The lanes of a run, by stage. */
import type { JSX } from 'preact';
import type { RunGraph } from '../../contract';
import { describeVerification } from '../../contract/verification';
import { groupLanes } from '../state/lanes';
import { listResults } from '../state/results';
import type { DashboardRun } from '../state/run-view';
import { Lane, type VerifiedTurn } from './lane';
import { NoTurns } from './no-turns';

/** Lanes beyond this number are in further rows. */
const MOST_COLUMNS = 3;

interface LanesProps {
  run: DashboardRun;
  graph: RunGraph | undefined;
  /** Opens the fork dialog at a turn; absent while the run cannot be forked. */
  fork?: (turn: string) => void;
}

export function Lanes({ run, graph, fork }: LanesProps): JSX.Element {
  const turns = run.turns.value;
  const { checks } = run.snapshot;
  if (turns.length === 0) return <NoTurns run={run} />;
  const groups = groupLanes(turns, graph);
  const verified = describeVerified(run);
  return (
    <>
      {groups.map(({ stage, title, lanes, planned }) => (
        <section key={stage} class="lane-group" aria-label={title || 'Lanes'}>
          {stage && <h2>{title}</h2>}
          <div class={`lanes of-${Math.min(Math.max(lanes.length, planned), MOST_COLUMNS)}`}>
            {lanes.map((lane) => (
              <Lane
                key={lane.id}
                {...lane}
                checks={checks}
                {...(verified ? { verified } : {})}
                {...(fork ? { fork } : {})}
              />
            ))}
          </div>
        </section>
      ))}
    </>
  );
}

/** What the verification of the run's answer says, and the turn that it is about. */
function describeVerified({ snapshot, description }: DashboardRun): VerifiedTurn | undefined {
  const reply = description.value;
  const turn = reply?.verification && listResults(snapshot, reply).main.find(({ isVerified }) => isVerified)?.turn;
  return turn ? { turn, sentence: describeVerification(reply.verification!) } : undefined;
}
