/** The pipeline as a picture: stages, in them turns, which light up as they are at work. A node leads to its turn. */
import type { JSX } from 'preact';
import { visible } from '../markdown/visible';
import type { PictureNode, PictureStage } from '../state/picture';
import { Icon } from './icons';

const WORDS: Record<PictureNode['status'], string> = {
  ahead: 'to come',
  running: 'at work',
  waiting: 'waiting',
  completed: 'done',
  failed: 'failed',
  skipped: 'not needed',
};

export function Pipeline({ stages }: { stages: PictureStage[] }): JSX.Element {
  return (
    <nav class="pipeline" aria-label="Stages and turns of this run" tabIndex={0}>
      <ol class={stages.length > 1 ? 'stages' : 'stages alone'}>
        {stages.map((stage) => (
          <li key={stage.name} class={`stage status-${stage.status}`}>
            {stage.name && <StageTitle stage={stage} />}
            <ol class="columns">
              {stage.columns.map((column, index) => (
                <li key={index} class="column">
                  {column.map((node) => (
                    <Node key={`${node.turn} ${node.label}`} node={node} />
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

function StageTitle({ stage: { title, verdict } }: { stage: PictureStage }): JSX.Element {
  return (
    <p class="stage-title">
      {title}
      {verdict && <span class={`verdict ${verdict}`}>{verdict === 'pass' ? 'passed' : 'sent back'}</span>}
    </p>
  );
}

function Node({ node: { turn, label, status, model } }: { node: PictureNode }): JSX.Element {
  const known = status !== 'ahead' && status !== 'skipped';
  const saysModel = model !== '' && (status === 'completed' || status === 'running' || status === 'failed');
  return (
    <button
      type="button"
      class={`node status-${status}`}
      disabled={!known}
      title={visible(model)}
      onClick={() => showTurn(turn)}
    >
      <span class="node-mark" aria-hidden="true">
        {status === 'completed' && <Icon name="check" size={13} />}
        {status === 'failed' && <Icon name="close" size={13} />}
        {status === 'waiting' && <Icon name="clock" size={13} />}
      </span>
      <span class="node-text">
        {label}
        {saysModel && <span class="off-screen">, {WORDS[status]}</span>}
        <small>{saysModel ? visible(model) : WORDS[status]}</small>
      </span>
    </button>
  );
}

/** Brings a turn into sight and gives it the keyboard. */
export function showTurn(turn: string): void {
  const place = document.getElementById(`turn-${turn}`);
  place?.closest('.lane')?.scrollIntoView({ block: 'center', behavior: 'smooth' });
  place?.focus({ preventScroll: true });
}
