/** The verdict of a debate: the decision, how sure it is, how the agreement grew, and where each voice stood in each round. */
import type { JSX } from 'preact';
import { withoutPosition } from '../../answers/position';
import type { DebateRecord, DebateVoice, Structures } from '../../contract';
import { visible } from '../markdown/visible';
import type { DashboardRun } from '../state/run-view';
import { percent } from '../format';
import { showTurn } from '../state/selection';
import { StanceChip } from './stance-chip';

const DECISIONS = { accept: 'Accept', merge: 'Accept with the objections', reject: 'Reject' } as const;
/** How much of a voice's last answer says why it changed. UTF-16 units. */
const WHY_LENGTH = 220;

interface VerdictCardProps {
  run: DashboardRun;
  debate: DebateRecord;
  judge: Structures['judge'];
}

export function VerdictCard({ run, debate, judge }: VerdictCardProps): JSX.Element {
  const { majority, agreed, dissent, voices } = debate;
  const label = (role: string) => voices.find((voice) => voice.role === role)?.label ?? role;
  return (
    <section class="verdict-card" aria-label="Verdict">
      <header>
        <h2>{judge ? DECISIONS[judge.decision] : 'No decision could be read'}</h2>
        <p>
          {agreed ? 'The voices agree' : 'The voices do not agree'}
          {majority && <>; most are {majority === 'depends' ? 'undecided' : majority}</>}{' '}
          <StanceChip stance={majority} />
        </p>
        {judge && <Confidence value={judge.confidence_score} />}
      </header>
      <Agreement values={debate.agreement} />
      <Voices run={run} debate={debate} />
      <p>
        <strong>Dissent: </strong>
        {dissent.length > 0 ? dissent.map(label).join(', ') : 'none'}
      </p>
      <Shortfalls debate={debate} />
      {judge && <Reasons title="Why" lines={judge.rationale} />}
      {judge && <Reasons title="What to do" lines={judge.runner_instructions} />}
    </section>
  );
}

/** Who was not heard, and whether it was a debate at all. */
function Shortfalls({ debate }: { debate: DebateRecord }): JSX.Element {
  const { only_voice: only, quorum, missing } = debate;
  return (
    <>
      {only && <p class="note failed">Only one voice was heard, so this was no debate.</p>}
      {!quorum.met && (
        <p class="note failed">
          {quorum.heard} of the {quorum.needed} voices that were needed could be heard.
        </p>
      )}
      {missing.map(({ role, label, round, message }) => (
        <p key={`${role}-${round}`} class="note past">
          {label} was not heard in round {round}: {visible(message)}
        </p>
      ))}
    </>
  );
}

function Confidence({ value }: { value: number }): JSX.Element {
  return (
    <div class="confidence">
      <span>{percent(value)} confident</span>
      <progress max={1} value={value} aria-label={`Confidence of the judge: ${percent(value)}`} />
    </div>
  );
}

/** One bar for each round. */
function Agreement({ values }: { values: number[] }): JSX.Element {
  return (
    <dl class="agreement">
      {values.map((value, index) => (
        <div key={index}>
          <dt>{index === 0 ? 'Agreement after the openings' : `After round ${index + 1}`}</dt>
          <dd>
            <progress max={1} value={value} aria-label={`Agreement after round ${index + 1}: ${percent(value)}`} />
            {percent(value)}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Voices({ run, debate: { voices, rounds } }: { run: DashboardRun; debate: DebateRecord }): JSX.Element {
  const numbers = Array.from({ length: rounds }, (_, index) => index + 1);
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label="Positions of the voices">
      <table>
        <thead>
          <tr>
            <th>Voice</th>
            {numbers.map((round) => (
              <th key={round}>{round === 1 ? 'Opening' : `Round ${round}`}</th>
            ))}
            <th>Changed</th>
          </tr>
        </thead>
        <tbody>
          {voices.map((voice) => (
            <tr key={voice.role}>
              <th scope="row">{voice.label}</th>
              {numbers.map((round) => (
                <td key={round}>
                  <Position voice={voice} round={round} />
                </td>
              ))}
              <td>{voice.changed ? <Change run={run} voice={voice} /> : <span class="faint">no</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Position({ voice: { label, positions }, round }: { voice: DebateVoice; round: number }): JSX.Element {
  const position = positions.find((one) => one.round === round);
  if (!position) return <span class="faint">not heard</span>;
  const { stance, confidence, turn } = position;
  return (
    <button type="button" class="link" title={`Show ${label}, round ${round}`} onClick={() => showTurn(turn)}>
      {stance ? <StanceChip stance={stance} confidence={confidence} /> : 'not declared'}
    </button>
  );
}

/** What the voice said when it changed. */
function Change({ run, voice: { positions } }: { run: DashboardRun; voice: DebateVoice }): JSX.Element {
  const changed = positions.find(({ stance }, index) => index > 0 && stance !== positions[index - 1]?.stance);
  const turn = run.turns.value.find(({ snapshot }) => snapshot.turn === changed?.turn);
  const said = withoutPosition(turn?.snapshot.text ?? '').trim();
  const why = said.length > WHY_LENGTH ? `${said.slice(0, WHY_LENGTH).replace(/\s\S*$/, '')}…` : said;
  return <q dir="auto">{visible(why)}</q>;
}

function Reasons({ title, lines }: { title: string; lines: string[] }): JSX.Element | null {
  if (lines.length === 0) return null;
  return (
    <details>
      <summary>{title}</summary>
      <ul>
        {lines.map((line, index) => (
          <li key={index} dir="auto">
            {visible(line)}
          </li>
        ))}
      </ul>
    </details>
  );
}
