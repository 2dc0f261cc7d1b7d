/** The result of a run: first what was asked for, with its checks or its verdict, then folded what came before. */
import type { JSX } from 'preact';
import { describeVerification } from '../../contract/verification';
import { copyWithThanks } from '../markdown/copy';
import { saveFile } from '../markdown/save';
import { visible } from '../markdown/visible';
import { listResults, type ResultItem } from '../state/results';
import { writeStageTitle } from '../state/run-graph';
import type { DashboardRun } from '../state/run-view';
import type { TurnView } from '../state/turn-view';
import { VerificationReport } from './check-report';
import { Notice } from './notices';
import { TurnText } from './turn-text';
import { writeReason } from './turn-notes';
import { VerdictCard } from './verdict-card';

export function ResultPanel({ run }: { run: DashboardRun }): JSX.Element {
  void run.version.value;
  const { status, failure } = run.snapshot;
  if (status === 'running' || status === null)
    return (
      <Notice icon="clock" title="No result yet">
        <p>It appears here when the run ends.</p>
      </Notice>
    );
  const reply = run.description.value;
  const { main, earlier } = listResults(run.snapshot, reply);
  return (
    <div class="answers">
      {failure && (
        <Notice icon="warn" title={status === 'cancelled' ? 'The run was cancelled' : writeReason(failure.code)}>
          <p>{visible(failure.message)}</p>
          <p class="faint">The text so far is in the lanes.</p>
        </Notice>
      )}
      {reply?.debate && main.every(({ isVerified }) => !isVerified) && <Verdict run={run} />}
      {main.map((item) => (
        <Answer key={item.turn} run={run} item={item} />
      ))}
      {earlier.length > 0 && (
        <section class="earlier" aria-labelledby="earlier-title">
          <h2 id="earlier-title">Before that</h2>
          {earlier.map((item) => (
            <Earlier key={item.turn} run={run} item={item} />
          ))}
        </section>
      )}
    </div>
  );
}

function Verdict({ run }: { run: DashboardRun }): JSX.Element | null {
  const reply = run.description.value;
  return reply?.debate ? <VerdictCard run={run} debate={reply.debate} judge={reply.judge} /> : null;
}

interface ItemProps {
  run: DashboardRun;
  item: ResultItem;
}

const findTurn = (run: DashboardRun, id: string): TurnView | undefined =>
  run.turns.value.find(({ snapshot }) => snapshot.turn === id);

function Answer({ run, item }: ItemProps): JSX.Element | null {
  const view = findTurn(run, item.turn);
  if (!view) return null;
  const { model, place } = view.snapshot;
  const reply = run.description.value;
  const verification = item.isVerified ? reply?.verification : undefined;
  return (
    <article class="answer">
      <header>
        <h2>{writeTitle(run, view)}</h2>
        <Mark item={item} />
        <span class="mono faint">{visible(model)}</span>
        <Tools view={view} />
      </header>
      {verification && <VerificationReport verification={verification} />}
      {verification && <p class="sentence">{visible(describeVerification(verification))}</p>}
      {item.isSummary && place.stage && <Verdict run={run} />}
      <TurnText view={view} source={false} onChange={() => undefined} isCopy />
    </article>
  );
}

/** The stage and the turn. */
function writeTitle({ snapshot }: DashboardRun, { snapshot: { label, place } }: TurnView): string {
  const stage = writeStageTitle(place.stage, snapshot.graph);
  return stage ? `${stage}: ${label}` : label;
}

function Mark({ item: { mark, tone = 'neutral' } }: { item: ResultItem }): JSX.Element | null {
  return mark ? <span class={`pill tone-${tone}`}>{mark}</span> : null;
}

function Tools({ view }: { view: TurnView }): JSX.Element {
  const { label, text, turn } = view.snapshot;
  return (
    <span class="answer-tools">
      <button
        type="button"
        class="quiet small"
        aria-label={`Copy the answer of ${label}`}
        onClick={({ currentTarget }) => void copyWithThanks(currentTarget, text)}
      >
        Copy
      </button>
      <button
        type="button"
        class="quiet small"
        aria-label={`Download the answer of ${label}`}
        onClick={() => saveFile(`${turn}.md`, 'text/markdown', text)}
      >
        Download
      </button>
    </span>
  );
}

function Earlier({ run, item }: ItemProps): JSX.Element | null {
  const view = findTurn(run, item.turn);
  if (!view) return null;
  return (
    <details class="answer">
      <summary>
        {writeTitle(run, view)} <Mark item={item} />
      </summary>
      <Tools view={view} />
      <TurnText view={view} source={false} onChange={() => undefined} isCopy />
    </details>
  );
}
