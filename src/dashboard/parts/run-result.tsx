/** What the run answered: the turns that its result names. */
import type { JSX } from 'preact';
import type { Verification } from '../../contract';
import { copyWithThanks } from '../markdown/copy';
import { visible } from '../markdown/visible';
import type { RunView } from '../state/run-view';
import type { TurnView } from '../state/turn-view';
import { VerificationReport } from './check-report';
import { Notice } from './notices';
import { TurnText } from './turn-text';
import { reasonOf } from './turn-notes';

export function RunResult({ run }: { run: RunView }): JSX.Element {
  void run.version.value;
  const { status, answers, failure } = run.snapshot;
  if (status === 'running' || status === null)
    return (
      <Notice icon="clock" title="No result yet">
        <p>It is here as soon as the run is over.</p>
      </Notice>
    );
  const turns = answers.flatMap((id) => run.turns.value.find(({ snapshot }) => snapshot.turn === id) ?? []);
  const verification = run.description.value?.verification;
  return (
    <div class="answers">
      {failure && (
        <Notice icon="warn" title={status === 'cancelled' ? 'The run was cancelled' : reasonOf(failure.code)}>
          <p>{visible(failure.message)}</p>
          <p class="faint">What was said until then is in the lanes.</p>
        </Notice>
      )}
      {turns.map((turn) => (
        <Answer
          key={turn.snapshot.turn}
          turn={turn}
          verification={verification?.turn === turn.snapshot.turn ? verification : undefined}
        />
      ))}
    </div>
  );
}

function Answer({ turn, verification }: { turn: TurnView; verification: Verification | undefined }): JSX.Element {
  const { label, model, text } = turn.snapshot;
  return (
    <article class="answer">
      <header>
        <h2>{label}</h2>
        <span class="mono faint">{visible(model)}</span>
        <button
          type="button"
          class="quiet small"
          aria-label={`Copy the answer of ${label}`}
          onClick={({ currentTarget }) => void copyWithThanks(currentTarget, text)}
        >
          Copy
        </button>
      </header>
      <TurnText view={turn} source={false} onChange={() => undefined} />
      {verification && <VerificationReport verification={verification} />}
    </article>
  );
}
