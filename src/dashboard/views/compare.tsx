/** Compares two runs: figures side by side, and the differences of task and turns. Shows only what differs, unless asked for all. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useRoute } from 'preact-iso/router';
import type { RunView as RunReply } from '../../contract/replies';
import { ago, plural } from '../format';
import { visible } from '../markdown/visible';
import { Away, Loading } from '../parts/notices';
import { useAnswer, usePageTitle } from '../parts/page';
import { RunStatePill } from '../parts/status';
import WordDiff from '../parts/word-diff';
import { now } from '../state/clock';
import { readListedState } from '../state/run-state';
import { compareFigures, compareTurns, isChanged, type ComparedFigure } from '../state/comparison';
import { writeStepTitle } from '../state/run-graph';
import { findGraph } from '../state/swarms';

const EVERY_MS = 3000;

export default function Compare(): JSX.Element {
  const { first = '', second = '' } = useRoute().params;
  usePageTitle('Compare');
  const one = useAnswer<RunReply>(`/runs/${encodeURIComponent(first)}`, { everyMs: EVERY_MS });
  const other = useAnswer<RunReply>(`/runs/${encodeURIComponent(second)}`, { everyMs: EVERY_MS });
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
          <del>Removed</del> <ins>Added</ins>
        </p>
      </header>
      {failure && <Away message={failure.message} retry={again} />}
      {one.data.value && other.data.value ? (
        <Compared first={one.data.value} second={other.data.value} />
      ) : (
        !failure && <Loading what="the runs" />
      )}
    </div>
  );
}

function Compared({ first, second }: { first: RunReply; second: RunReply }): JSX.Element {
  const all = useSignal(false);
  const figures = compareFigures(first, second);
  const turns = compareTurns(first, second);
  const same =
    figures.filter((figure) => !isChanged(figure)).length +
    [...turns.map(({ before, after }) => before === after), first.message === second.message].filter(Boolean).length;
  return (
    <>
      <Figures first={first} second={second} figures={all.value ? figures : figures.filter(isChanged)} />
      <label class="check">
        <input
          type="checkbox"
          checked={all.value}
          onChange={({ currentTarget }) => (all.value = currentTarget.checked)}
        />
        Also show what is the same ({plural(same, 'entry', 'entries')})
      </label>
      <Difference title="Task" before={first.message} after={second.message} all={all.value} />
      {turns.map(({ turn, label, ...texts }) => (
        <Difference key={turn} title={label} {...texts} all={all.value} />
      ))}
    </>
  );
}

interface FiguresProps {
  first: RunReply;
  second: RunReply;
  figures: ComparedFigure[];
}

function Figures({ first, second, figures }: FiguresProps): JSX.Element {
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label="Figures of both runs">
      <table class="compared">
        <thead>
          <tr>
            <td />
            <Head run={first} name="First" />
            <Head run={second} name="Second" />
            <th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          {figures.map(({ name, first: one, second: other, change }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{visible(one)}</td>
              <td>{visible(other)}</td>
              <td>{change}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Head({ run, name }: { run: RunReply; name: string }): JSX.Element {
  const { run_id, swarm_id, message, turns, started_at, forked_from: origin } = run;
  return (
    <th scope="col">
      <span class="faint">{name}</span> <RunStatePill state={readListedState(run)} />
      <a href={`/dashboard/runs/${encodeURIComponent(run_id)}`} dir="auto">
        {visible(message)}
      </a>
      <span class="faint">
        {ago(Date.parse(started_at), now.value)}
        {origin && `, forked at ${visible(writeStepTitle(origin.from, turns, findGraph({}, swarm_id)))}`}
      </span>
    </th>
  );
}

interface DifferenceProps {
  title: string;
  before: string;
  after: string;
  /** Whether the second run reused the text of the first. */
  reused?: boolean;
  /** Shows the title of equal texts too. */
  all: boolean;
}

function Difference({ title, before, after, reused = false, all }: DifferenceProps): JSX.Element | null {
  const same = before === after;
  if (same && !all) return null;
  return (
    <article class="difference">
      <h2>{visible(title)}</h2>
      {same ? (
        <p class="faint">{reused ? 'The same in both: reused, without a call.' : 'The same in both.'}</p>
      ) : (
        <WordDiff before={before} after={after} />
      )}
    </article>
  );
}
