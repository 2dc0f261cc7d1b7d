/** The run as a graph: stages with their turns and the state of each. A node links to its turn. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { visible } from '../markdown/visible';
import type { RunGraphNode, RunGraphStage } from '../state/run-graph';
import { showTurn } from '../state/selection';
import { Icon, type IconName } from './icons';
import { scrollSideways } from './scroll-sideways';

const WORDS: Record<RunGraphNode['status'], string> = {
  ahead: 'Pending',
  running: 'Running',
  waiting: 'Waiting',
  completed: 'Done',
  failed: 'Failed',
  skipped: 'Skipped',
  unreached: 'Not reached',
  interrupted: 'Interrupted',
  cancelled: 'Cancelled',
  stopped: 'Stopped',
  rejected: 'Rejected',
};

const MARKS: Partial<Record<RunGraphNode['status'], IconName>> = {
  completed: 'check',
  failed: 'close',
  waiting: 'clock',
  interrupted: 'restart',
  cancelled: 'stop',
  stopped: 'stop',
  rejected: 'close',
};

/** States of turns that never started: there is nothing to show. */
const UNKNOWN: readonly RunGraphNode['status'][] = ['ahead', 'skipped', 'unreached'];

const isActive = ({ status }: RunGraphNode): boolean => status === 'running' || status === 'waiting';
const ACTIVE = '.node:is(.status-running, .status-waiting)';

/** `rows` nodes fit one below the other. */
export function Pipeline({ stages, rows }: { stages: RunGraphStage[]; rows: number }): JSX.Element {
  const box = useRef<HTMLElement>(null);
  const active = stages.flatMap(({ columns }) => columns.flat()).find(isActive);
  // follows the run, but only when its place changes: a person may look elsewhere in between
  useLayoutEffect(() => scrollSideways(box.current, ACTIVE), [active?.turn, active?.label, stages.length]);
  return (
    <nav
      ref={box}
      class={`pipeline rows-${rows}${stages.length > 1 ? ' staged' : ''}`}
      aria-label="Stages and turns of this run"
      tabIndex={0}
      data-arrows=".node:not(:disabled)"
    >
      <ol class={stages.length > 1 ? 'stages' : 'stages alone'}>
        {stages.map((stage) => (
          <li key={stage.name} class={`stage status-${stage.status}`}>
            {stage.name && <StageTitle stage={stage} />}
            <ol class="columns">
              {stage.columns.map((column, index) => (
                <li key={index} class="column">
                  {groupTries(column).map((tries) => (
                    <Tries key={`${tries[0]?.turn} ${tries[0]?.label}`} tries={tries} />
                  ))}
                </li>
              ))}
            </ol>
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** The tries of an interrupted turn stand beside each other. */
function groupTries(column: RunGraphNode[]): RunGraphNode[][] {
  const groups: RunGraphNode[][] = [];
  for (const node of column) {
    const group = node.retryOf && groups.find(([first]) => first?.turn === node.retryOf);
    if (group) group.push(node);
    else groups.push([node]);
  }
  return groups;
}

function Tries({ tries }: { tries: RunGraphNode[] }): JSX.Element {
  const nodes = tries.map((node) => <Node key={`${node.turn} ${node.label}`} node={node} />);
  return tries.length > 1 ? <div class="tries">{nodes}</div> : <>{nodes}</>;
}

function StageTitle({ stage: { title, verdict } }: { stage: RunGraphStage }): JSX.Element {
  return (
    <p class="stage-title">
      {title}
      {verdict && <span class={`verdict ${verdict}`}>{verdict === 'pass' ? 'passed' : 'sent back'}</span>}
    </p>
  );
}

function Node({ node: { turn, label, status, model } }: { node: RunGraphNode }): JSX.Element {
  const known = !UNKNOWN.includes(status);
  const mark = MARKS[status];
  const saysModel = model !== '' && (status === 'completed' || status === 'running' || status === 'failed');
  return (
    <button
      type="button"
      class={`node status-${status}`}
      disabled={!known}
      title={`${label}: ${visible(model) || WORDS[status]}`}
      onClick={() => showTurn(turn)}
    >
      <span class="node-mark" aria-hidden="true">
        {mark && <Icon name={mark} size={13} />}
      </span>
      <span class="node-text">
        <span class="node-label">
          {label}
          {saysModel && <span class="off-screen">, {WORDS[status]}</span>}
        </span>
        <small>{saysModel ? visible(model) : WORDS[status]}</small>
      </span>
    </button>
  );
}
