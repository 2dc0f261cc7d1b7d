/** Two runs side by side, turn by turn, with what differs. */
import { diffWordsWithSpace } from 'diff';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { useRoute } from 'preact-iso/router';
import { visible } from '../markdown/visible';
import { Away, Loading } from '../parts/notices';
import { useAnswer, usePageTitle } from '../parts/page';
import { titleOf } from '../state/picture';
import type { RunDescription } from '../state/run-view';

const EVERY_MS = 3000;
/** Beyond this the comparison would hold the page up. Milliseconds. */
const DIFF_LIMIT_MS = 400;

export default function Compare(): JSX.Element {
  const { first = '', second = '' } = useRoute().params;
  usePageTitle('Compare');
  const one = useAnswer<RunDescription>(`/runs/${encodeURIComponent(first)}`, { everyMs: EVERY_MS });
  const other = useAnswer<RunDescription>(`/runs/${encodeURIComponent(second)}`, { everyMs: EVERY_MS });
  const failure = one.failure.value ?? other.failure.value;
  const again = () => {
    one.again();
    other.again();
  };
  return (
    <div class="page wide-page">
      <header class="page-title">
        <h1>Two runs compared</h1>
        <p class="faint">
          <del>Struck</del> stands only in the first, <ins>marked</ins> only in the second.
        </p>
      </header>
      {failure && <Away message={failure.message} retry={again} />}
      {one.data.value && other.data.value ? (
        <Turns first={one.data.value} second={other.data.value} />
      ) : (
        !failure && <Loading what="the runs" />
      )}
    </div>
  );
}

function Turns({ first, second }: { first: RunDescription; second: RunDescription }): JSX.Element {
  const ids = [...new Set([...first.turns, ...second.turns].map(({ turn }) => turn))];
  return (
    <>
      <Heads first={first} second={second} />
      <Difference title="Task" before={first.message} after={second.message} />
      {ids.map((id) => {
        const before = first.turns.find(({ turn }) => turn === id);
        const after = second.turns.find(({ turn }) => turn === id);
        return (
          <Difference
            key={id}
            title={before?.label ?? after?.label ?? id}
            before={before?.text ?? ''}
            after={after?.text ?? ''}
            reused={after?.reused_from === first.run_id}
          />
        );
      })}
    </>
  );
}

function Heads({ first, second }: { first: RunDescription; second: RunDescription }): JSX.Element {
  return (
    <ol class="compared">
      {[first, second].map(({ run_id, message, status, forked_from: origin }) => (
        <li key={run_id}>
          <a href={`/dashboard/runs/${encodeURIComponent(run_id)}`} dir="auto">
            {visible(message)}
          </a>
          <span class="faint">{origin ? `${status}, forked at ${visible(titleOf(origin.from))}` : status}</span>
        </li>
      ))}
    </ol>
  );
}

interface DifferenceProps {
  title: string;
  before: string;
  after: string;
  /** Whether the second run took the text over from the first. */
  reused?: boolean;
}

function Difference({ title, before, after, reused = false }: DifferenceProps): JSX.Element {
  const parts = useMemo(() => diffWordsWithSpace(before, after, { timeout: DIFF_LIMIT_MS }), [before, after]);
  return (
    <article class="difference">
      <h2>{title}</h2>
      {before === after ? (
        <p class="faint">{reused ? 'The same in both: taken over, without a call.' : 'The same in both.'}</p>
      ) : (
        <Parts parts={parts} before={before} after={after} />
      )}
    </article>
  );
}

interface PartsProps {
  parts: ReturnType<typeof diffWordsWithSpace> | undefined;
  before: string;
  after: string;
}

/** Texts too different to compare stand one below the other. */
function Parts({ parts, before, after }: PartsProps): JSX.Element {
  const shown = parts ?? [
    { value: before, removed: true, added: false },
    { value: after, removed: false, added: true },
  ];
  return (
    <p class="diff" dir="auto">
      {shown.map(({ value, added, removed }, index) =>
        added ? (
          <ins key={index}>{visible(value)}</ins>
        ) : removed ? (
          <del key={index}>{visible(value)}</del>
        ) : (
          <span key={index}>{visible(value)}</span>
        ),
      )}
    </p>
  );
}
